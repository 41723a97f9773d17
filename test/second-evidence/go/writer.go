package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const writtenOrigin = "second.example/audit/00112233445566778899aabbccddeeff"
const writtenAccount = "01JDTEST0000000000000000B2"
const writtenEntries = 11
const olderSize = 6

func std(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func seedKey(first byte) ed25519.PrivateKey {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

func public(k ed25519.PrivateKey) []byte { return k.Public().(ed25519.PublicKey) }

func signHead(tree *frontier, log, witness ed25519.PrivateKey) string {
	body := fmt.Sprintf("%s\n%d\n%s\n", writtenOrigin, tree.size, std(tree.root()))
	line := func(k key, sig []byte) string {
		return "— " + k.name + " " + std(append(append([]byte{}, k.id[:]...), sig...)) + "\n"
	}
	at := uint64(now())
	stamp := make([]byte, 8)
	binary.BigEndian.PutUint64(stamp, at)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, body)
	return body + "\n" + line(keyOf(writtenOrigin, 1, public(log)), ed25519.Sign(log, []byte(body))) +
		line(keyOf("second.example/pc/01", 4, public(witness)), append(stamp, ed25519.Sign(witness, []byte(message))...))
}

// event has texts that tell one JCS from another: escapes, names beyond the basic plane, numbers.
func writtenEvent(seq int) (object, string) {
	event := object{"v": 2, "type": "tool.called", "account": nil, "input": nil, "output": nil,
		"note": "line\nquote\" back\\slash \u0001 é \u2028 😀 <&>", "\U0001F600": 1, "\uFB33": 2, "meta": object{}}
	switch {
	case seq == 1:
		event["type"] = "log.opened"
		event["meta"] = object{"origin": writtenOrigin, "unwitnessed_before": "0", "first_v2_index": "0"}
	case seq == 2:
		return object{"v": 1, "type": "tool.called", "input_hash": nil, "output_hash": nil, "meta": object{}}, ""
	case seq%3 == 0:
		salt := sha([]byte{byte(seq)})[:16]
		payload := canonical("DU" + itoa(int64(seq)))
		event["account"] = hexSha("ibkr-commit/v1\naccount\n", string(salt), payload)
		return event, canonical(object{"field": "account", "payload": payload, "salt": hex.EncodeToString(salt), "seq": seq}) + "\n"
	}
	return event, ""
}

// writeExport writes a log of the writer's own as an export: two files of records, an older head, openings.
func writeExport(dir string) error {
	log, witness := seedKey(0x40), seedKey(0x60)
	tree := &frontier{}
	files := map[string]*strings.Builder{"entries/first.jsonl": {}, "entries/second.jsonl": {}, "openings.jsonl": {}}
	out := map[string]string{}
	for seq := 1; seq <= writtenEntries; seq++ {
		event, opening := writtenEvent(seq)
		entry := entryPrefix + canonical(object{"account": writtenAccount, "event": event, "seq": seq})
		leaf := leafHash(entry)
		tree.add(leaf)
		name := "entries/first.jsonl"
		if seq > olderSize {
			name = "entries/second.jsonl"
		}
		files[name].WriteString(canonical(object{"entry": entry, "index": seq - 1, "leaf_hash": hexOf(leaf), "seq": seq}) + "\n")
		files["openings.jsonl"].WriteString(opening)
		if seq == olderSize {
			out["checkpoints/six"] = signHead(tree, log, witness)
		}
	}
	for n, b := range files {
		out[n] = b.String()
	}
	out["checkpoint"] = signHead(tree, log, witness)
	out["trust.policy"] = "log " + keyOf(writtenOrigin, 1, public(log)).vkey() + "\nwitness pc " +
		keyOf("second.example/pc/01", 4, public(witness)).vkey() + "\nquorum pc\n"
	out["export.json"] = canonical(object{
		"format": "ibkr-audit-export/v1", "origin": writtenOrigin, "account": writtenAccount,
		"from_index": 0, "to_index": writtenEntries, "left": []interface{}{}, "tail": []interface{}{},
		"checkpoints": []interface{}{"checkpoints/six"},
		"files": []interface{}{
			object{"name": "entries/first.jsonl", "from_index": 0, "to_index": olderSize},
			object{"name": "entries/second.jsonl", "from_index": olderSize, "to_index": writtenEntries},
		},
	}) + "\n"
	for n, content := range out {
		path := filepath.Join(dir, n)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
