package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*([./][a-z0-9_-]+)*$`)

func parseLoose(text string) (interface{}, bool) {
	if !utf8.ValidString(text) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v interface{}
	if dec.Decode(&v) != nil {
		return nil, false
	}
	_, err := dec.Token()
	return v, err == io.EOF
}

func hashes(v interface{}) ([][]byte, bool) {
	list, ok := v.([]interface{})
	out := [][]byte{}
	for _, e := range list {
		s, isText := e.(string)
		b, good := std64(s)
		if !isText || !good || len(b) != 32 {
			return nil, false
		}
		out = append(out, b)
	}
	return out, ok
}

type part struct {
	name     string
	from, to int64
}

type manifest struct {
	origin, account string
	from, to        int64
	left            *frontier
	tail            [][]byte
	files           []part
	heads           []string
}

func readManifest(raw []byte) manifest {
	const bad = "MANIFEST_MALFORMED"
	v, ok := parseLoose(string(raw))
	o, isObject := v.(object)
	need(ok && isObject, bad, "the manifest is no object")
	format, isText := o["format"].(string)
	need(isText, bad, "the manifest has no format")
	need(format == "ibkr-audit-export/v1", "FORMAT_UNKNOWN", "the export has another format")
	need(canonical(v)+"\n" == string(raw), bad, "the manifest is spelt otherwise")
	need(exactly(o, "format", "origin", "account", "from_index", "to_index", "left", "tail", "files", "checkpoints"), bad, "the manifest has other members")
	m := manifest{origin: text(o, "origin"), account: text(o, "account")}
	var a, b bool
	m.from, a = count(o, "from_index")
	m.to, b = count(o, "to_index")
	need(a && b && m.from <= m.to && m.origin != "" && m.account != "", bad, "the manifest's range does not read")
	left, a := hashes(o["left"])
	m.tail, b = hashes(o["tail"])
	need(a && b, bad, "the manifest's hashes do not read")
	m.left, a = newFrontier(m.from, left)
	need(a, "PROOF_LENGTH", "the manifest's left has another length")
	at := m.from
	files, a := o["files"].([]interface{})
	need(a, bad, "the manifest names no files")
	for _, e := range files {
		f, _ := e.(object)
		from, a := count(f, "from_index")
		to, b := count(f, "to_index")
		need(a && b && from == at && to > from && exactly(f, "name", "from_index", "to_index") && fileName.MatchString(text(f, "name")), bad, "the manifest's files have a gap")
		m.files = append(m.files, part{text(f, "name"), from, to})
		at = to
	}
	need(at == m.to, bad, "the manifest's files are not the range")
	heads, a := o["checkpoints"].([]interface{})
	need(a, bad, "the manifest names no checkpoints")
	for _, e := range heads {
		n, _ := e.(string)
		need(fileName.MatchString(n), bad, "a checkpoint has no such name")
		m.heads = append(m.heads, n)
	}
	return m
}

type openings struct {
	lines     *bufio.Scanner
	next      object
	seq       int64
	lastSeq   int64
	lastField string
	// The last log.opened of the range: its origin, and its number or 0.
	log    string
	logSeq int64
}

func lineReader(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 1<<16), 1<<24)
	s.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i+1], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	return s
}

func (o *openings) advance() {
	o.next = nil
	if o.lines == nil || !o.lines.Scan() {
		return
	}
	const bad = "OPENING_MALFORMED"
	line := o.lines.Text()
	v, ok := parseObject(strings.TrimSuffix(line, "\n"))
	need(ok && strings.HasSuffix(line, "\n") && exactly(v, "field", "payload", "salt", "seq"), bad, "an opening does not read")
	seq, ok := count(v, "seq")
	field := text(v, "field")
	need(ok && seq > 0, bad, "an opening has no number")
	need(seq > o.lastSeq || seq == o.lastSeq && field > o.lastField, bad, "an opening is out of order", seq)
	o.next, o.seq, o.lastSeq, o.lastField = v, seq, seq, field
}

type head struct {
	checkpoint
	own bool
}

type newKey struct {
	index int64
	key   key
}

func verifyExport(dir, policy string, since []string) fault {
	return judge(func(v *verdict) {
		raw, err := os.ReadFile(filepath.Join(dir, "export.json"))
		need(err == nil, "EXPORT_UNFINISHED", "the folder has no manifest")
		m := readManifest(raw)
		file := func(name string) []byte {
			b, err := os.ReadFile(filepath.Join(dir, name))
			need(err == nil, "FILE_MISSING", "the folder has no "+name)
			return b
		}
		newest := parseCheckpoint(file("checkpoint"))
		need(newest.origin == m.origin, "ORIGIN_DIFFERS", "the checkpoint is of another log")
		need(m.to <= newest.size, "MANIFEST_MALFORMED", "the range ends behind the checkpoint")
		heads := readHeads(v, m, newest, file, since)
		keys := readRecords(v, dir, m, newest, heads)
		v.attempt(func() { judgeHeads(policy, newest, heads, keys) })
	})
}

func readHeads(v *verdict, m manifest, newest checkpoint, file func(string) []byte, since []string) []head {
	var heads []head
	for _, n := range m.heads {
		heads = append(heads, head{parseCheckpoint(file(n)), false})
	}
	for _, n := range since {
		b, err := os.ReadFile(n)
		need(err == nil, "FILE_MISSING", "the reader's head cannot be read")
		heads = append(heads, head{parseCheckpoint(b), true})
	}
	sort.SliceStable(heads, func(i, j int) bool { return heads[i].size < heads[j].size })
	for _, h := range heads {
		need(h.origin == m.origin, "ORIGIN_DIFFERS", "an older head is of another log")
		need(h.size <= newest.size, "ROLLED_BACK", "an older head is larger than the checkpoint")
		if h.size == newest.size {
			need(bytes.Equal(h.root, newest.root), "FORKED", "two heads of one size have two roots")
		} else if h.size < m.from || h.size > m.to {
			v.note("OLDER_CHECKPOINT_OUTSIDE", "an older head is outside of the range")
		}
	}
	return heads
}

func readRecords(v *verdict, dir string, m manifest, newest checkpoint, heads []head) []newKey {
	var keys []newKey
	tree := m.left
	agreed, disagreed := m.from, int64(-1)
	compare := func() {
		for _, h := range heads {
			if h.size != tree.size || h.size == newest.size {
				continue
			}
			if bytes.Equal(h.root, tree.root()) {
				if disagreed < 0 {
					agreed = h.size
				}
			} else if disagreed < 0 {
				disagreed = h.size
			}
		}
	}
	compare()
	opens := &openings{}
	if f, err := os.Open(filepath.Join(dir, "openings.jsonl")); err == nil {
		defer f.Close()
		opens.lines = lineReader(f)
		opens.advance()
	}
	need(opens.next == nil || opens.seq > m.from, "OPENING_WITHOUT_COMMITMENT", "an opening is of no record", opens.seq)
	for _, p := range m.files {
		f, err := os.Open(filepath.Join(dir, p.name))
		need(err == nil, "FILE_MISSING", "the folder has no "+p.name, p.from+1, p.to)
		lines := lineReader(f)
		for index := p.from; index < p.to; index++ {
			seq := index + 1
			need(lines.Scan(), "RECORD_MISSING", "a file ends too early", seq, p.to)
			keys = append(keys, readRecord(lines.Text(), seq, m, tree, opens)...)
			compare()
		}
		need(!lines.Scan(), "RECORD_UNEXPECTED", "a file has more records than it should", p.to+1)
		f.Close()
	}
	need(opens.next == nil, "OPENING_WITHOUT_COMMITMENT", "an opening is of no record", opens.seq)
	need(opens.logSeq == 0 || opens.log == m.origin, "ORIGIN_DIFFERS", "an entry opens another log", opens.logSeq)
	code := consistency(tree.size, newest.size, tree.root(), newest.root, m.tail)
	if code == "ROOT_DIFFERS" || code == "" && disagreed >= 0 {
		first, last := agreed+1, m.to
		if disagreed >= 0 {
			last = disagreed
		}
		if code == "" {
			fail("FORKED", "an older head is of another log", first, last)
		}
		fail(code, "the records do not lead to the checkpoint", first, last)
	}
	need(code == "", code, "the tail has another length")
	return keys
}

func readRecord(line string, seq int64, m manifest, tree *frontier, opens *openings) []newKey {
	r, ok := parseObject(strings.TrimSuffix(line, "\n"))
	entry, isText := r["entry"].(string)
	index, a := count(r, "index")
	number, b := count(r, "seq")
	leaf, isHash := r["leaf_hash"].(string)
	need(ok && strings.HasSuffix(line, "\n") && exactly(r, "entry", "index", "leaf_hash", "seq") && isText && a && b && isHash && index == number-1, "RECORD_MALFORMED", "a record does not read", seq)
	need(number <= seq, "RECORD_MISSING", "a record is missing", seq)
	need(number == seq, "RECORD_OUT_OF_ORDER", "a record is not the next", seq)
	hash := leafHash(entry)
	need(hexOf(hash) == leaf, "LEAF_HASH_DIFFERS", "an entry has another hash", seq)
	account, event := readEntry(entry, seq)
	need(account == m.account, "ENTRY_OF_ANOTHER_ACCOUNT", "an entry is of another account", seq)
	for opens.next != nil && opens.seq == seq {
		checkOpening(event, opens.next, seq)
		opens.advance()
	}
	tree.add(hash)
	meta, _ := event["meta"].(object)
	if text(event, "type") == "log.opened" {
		opens.log, opens.logSeq = text(meta, "origin"), seq
	}
	if text(event, "type") != "log.key_changed" {
		return nil
	}
	k, ok := parseVkey(text(meta, "vkey"))
	need(ok && k.kind == 1, "VKEY_MALFORMED", "the log's next key does not read", seq)
	need(k.name == m.origin, "LOG_KEY_DIFFERS", "the log's next key is of another log", seq)
	return []newKey{{seq - 1, k}}
}

// judgeHeads goes from the smallest head on, so that a head which hands over counts before the next.
func judgeHeads(policy string, newest checkpoint, heads []head, keys []newKey) {
	need(policy != "", "POLICY_MISSING", "whom to trust was not said")
	raw, err := os.ReadFile(policy)
	need(err == nil, "POLICY_MISSING", "the policy cannot be read")
	t, ok := parseTrust(string(raw))
	need(ok, "POLICY_MALFORMED", "the policy does not read")
	logs := t.logKeys(newest.origin)
	need(len(logs) > 0, "ORIGIN_DIFFERS", "the policy is about another log")
	verdicts := &verdict{}
	for i := 0; i <= len(heads); i++ {
		c := newest
		if i < len(heads) {
			c = heads[i].checkpoint
		}
		known := append([]key{}, logs...)
		for _, n := range keys {
			if n.index < c.size {
				known = append(known, n.key)
			}
		}
		verdicts.attempt(func() {
			signed := c.signers(known)
			if i == len(heads) || heads[i].own || bySome(signed, logs) {
				t.judgeHead(c, logs, i == len(heads))
			} else {
				c.signers(t.witnesses)
				return
			}
			for j := len(keys) - 1; j >= 0; j-- {
				if keys[j].index < c.size {
					if has(signed, keys[j].key) {
						logs, keys = []key{keys[j].key}, keys[j+1:]
					}
					break
				}
			}
		})
	}
	if f := verdicts.outcome(); f.Outcome != "verified" {
		panic(f)
	}
}
