package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const noteMaxBytes = 1 << 20
const signaturesMax = 100

type key struct {
	name string
	id   [4]byte
	kind byte
	pub  []byte
}

type sigLine struct {
	name string
	id   [4]byte
	sig  []byte
}

type checkpoint struct {
	origin string
	size   int64
	root   []byte
	text   string
	lines  []sigLine
}

func nameHolds(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' || r == 0xFEFF
	}) < 0
}

func keyOf(name string, kind byte, pub []byte) key {
	k := key{name: name, kind: kind, pub: pub}
	copy(k.id[:], sha([]byte(name+"\n"), []byte{kind}, pub))
	return k
}

func (k key) vkey() string {
	return k.name + "+" + hex.EncodeToString(k.id[:]) + "+" + base64.StdEncoding.EncodeToString(append([]byte{k.kind}, k.pub...))
}

func (k key) same(o key) bool { return k.name == o.name && k.id == o.id }

func parseVkey(s string) (key, bool) {
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 || !nameHolds(parts[0]) {
		return key{}, false
	}
	raw, ok := std64(parts[2])
	if !ok || len(raw) != 33 {
		return key{}, false
	}
	k := keyOf(parts[0], raw[0], raw[1:])
	return k, hex.EncodeToString(k.id[:]) == parts[1]
}

func parseCheckpoint(raw []byte) checkpoint {
	need(len(raw) <= noteMaxBytes, "NOTE_TOO_LARGE", "the note has more than 1 MiB")
	need(utf8.Valid(raw), "NOTE_MALFORMED", "the note is not UTF-8")
	for _, b := range raw {
		need(b >= 0x20 || b == '\n', "NOTE_MALFORMED", "the note has a control character")
	}
	all := string(raw)
	cut := strings.LastIndex(all, "\n\n")
	need(cut >= 0 && strings.HasSuffix(all, "\n") && cut+2 < len(all), "NOTE_MALFORMED", "the note has no signature lines")
	c := checkpoint{text: all[:cut+1]}
	lines := strings.Split(strings.TrimSuffix(all[cut+2:], "\n"), "\n")
	need(len(lines) <= signaturesMax, "NOTE_MALFORMED", "the note has more than 100 signature lines")
	for _, l := range lines {
		parts := strings.Split(l, " ")
		need(len(parts) == 3 && parts[0] == "—" && nameHolds(parts[1]), "SIGNATURE_LINE_MALFORMED", "a signature line has another form")
		b, ok := std64(parts[2])
		need(ok && len(b) > 4, "SIGNATURE_LINE_MALFORMED", "a signature is not base64")
		s := sigLine{name: parts[1], sig: b[4:]}
		copy(s.id[:], b)
		c.lines = append(c.lines, s)
	}
	body := strings.Split(c.text, "\n")
	need(len(body) >= 4 && body[0] != "", "CHECKPOINT_MALFORMED", "a checkpoint has three lines")
	size, ok := whole(body[1])
	need(ok, "CHECKPOINT_MALFORMED", "the size is no whole number")
	root, ok := std64(body[2])
	need(ok && len(root) == 32, "CHECKPOINT_MALFORMED", "the root is no hash")
	need(size > 0 || bytes.Equal(root, sha()), "CHECKPOINT_MALFORMED", "an empty log has another root")
	c.origin, c.size, c.root = body[0], size, root
	return c
}

// signers says which of the trusted keys have signed. One that has and does not hold refuses the note.
func (c checkpoint) signers(trusted []key) []key {
	var good []key
	for _, l := range c.lines {
		for _, k := range trusted {
			if k.name != l.name || k.id != l.id {
				continue
			}
			message, sig := c.text, l.sig
			if k.kind == 4 {
				need(len(sig) == 72, "SIGNATURE_LENGTH", "a cosignature has 72 bytes")
				t := binary.BigEndian.Uint64(sig)
				need(t > 0 && t <= maxWhole, "COSIGNATURE_TIME_INVALID", "a cosignature's time is outside of its bounds")
				message = "cosignature/v1\ntime " + strconv.FormatUint(t, 10) + "\n" + c.text
				sig = sig[8:]
				need(len(sig) == 64 && ed25519.Verify(k.pub, []byte(message), sig), "SIGNATURE_INVALID", "a cosignature does not hold")
				need(int64(t) <= now(), "COSIGNATURE_IN_FUTURE", "a cosignature is of a later time")
			} else {
				need(len(sig) == 64, "SIGNATURE_LENGTH", "a signature has 64 bytes")
				need(ed25519.Verify(k.pub, []byte(message), sig), "SIGNATURE_INVALID", "a signature does not hold")
			}
			good = append(good, k)
			break
		}
	}
	return good
}

func has(keys []key, k key) bool {
	for _, o := range keys {
		if o.same(k) {
			return true
		}
	}
	return false
}
