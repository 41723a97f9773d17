package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
)

type proofFile struct {
	extra object
	index int64
	path  [][]byte
	note  []byte
}

const proofHeader = "c2sp.org/tlog-proof@v1\n"

func parseProof(raw []byte) proofFile {
	const bad = "PROOF_FILE_MALFORMED"
	need(strings.HasPrefix(string(raw), proofHeader), bad, "the first line is another")
	rest := string(raw)[len(proofHeader):]
	line := func() string {
		i := strings.IndexByte(rest, '\n')
		need(i >= 0, bad, "the file ends too early")
		l := rest[:i]
		rest = rest[i+1:]
		return l
	}
	var p proofFile
	l := line()
	need(strings.HasPrefix(l, "extra "), bad, "the file has no extra")
	extra, ok := std64(l[len("extra "):])
	need(ok, bad, "extra is not base64")
	l = line()
	need(strings.HasPrefix(l, "index "), bad, "the file has no index")
	p.index, ok = whole(l[len("index "):])
	need(ok, bad, "the index is no whole number")
	for l = line(); l != ""; l = line() {
		h, ok := std64(l)
		need(ok && len(h) == 32, bad, "a line is no hash")
		p.path = append(p.path, h)
	}
	p.note = []byte(rest)
	p.extra, ok = parseObject(string(extra))
	need(ok, "ORDER_EVIDENCE_MALFORMED", "extra does not read")
	return p
}

type keyList struct {
	pcs       map[string]bool
	approvers map[string]string
}

func readKeys(path string) keyList {
	k := keyList{map[string]bool{}, map[string]string{}}
	if path == "" {
		return k
	}
	raw, err := os.ReadFile(path)
	need(err == nil, "FILE_MISSING", "the list of keys cannot be read")
	for _, l := range strings.Split(string(raw), "\n") {
		f := strings.Fields(l)
		switch {
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
		case f[0] == "pc" && len(f) == 2:
			k.pcs[f[1]] = true
		case f[0] == "approver" && len(f) == 3 && hex32.MatchString(f[2]):
			k.approvers[f[1]] = f[2]
		default:
			fail("POLICY_MALFORMED", "the list of keys does not read")
		}
	}
	return k
}

type evidence struct {
	head   checkpoint
	e      object
	meta   object
	event  object
	intent object
	pc     ed25519.PublicKey
	keys   keyList
}

func verifyProof(path, policy, keyPath string) fault {
	return judge(func(v *verdict) {
		raw, err := os.ReadFile(path)
		need(err == nil, "FILE_MISSING", "the proof file cannot be read")
		p := parseProof(raw)
		head := parseCheckpoint(p.note)
		const bad = "ORDER_EVIDENCE_MALFORMED"
		need(text(p.extra, "kind") == "ibkr-order-evidence/v1", "FORMAT_UNKNOWN", "extra is of another kind")
		need(exactly(p.extra, "approver", "assertion", "entry", "intent", "kind", "mandate", "openings", "pc_key", "policy", "result", "sent"),
			bad, "the evidence has other members")
		entry, ok := p.extra["entry"].(string)
		need(ok, bad, "the evidence has no entry")
		account, event := readEntry(entry, p.index+1)
		if code := inclusion(p.index, head.size, leafHash(entry), p.path, head.root); code != "" {
			fail(code, "the entry is not led to the root", p.index+1)
		}
		meta, _ := event["meta"].(object)
		need((text(event, "type") == "order.settled" || text(event, "type") == "order.amended") && meta != nil, "ORDER_LEAF_DIFFERS", "the entry is no settled order")
		intent, ok := p.extra["intent"].(object)
		need(ok, bad, "the evidence has no intent")
		x := &evidence{head, p.extra, meta, event, intent, nil, readKeys(keyPath)}
		x.checkIntent(account)
		x.checkOpenings()
		x.checkPcKey(v)
		hash := sha([]byte("ibkr-order/v1" + canonical(intent)))
		if mandate := x.e["mandate"]; mandate != nil {
			x.checkMandate(mandate)
			hash = sha([]byte("ibkr-mandate/v1" + canonical(mandate)))
		}
		x.checkApprover(v, hash)
		x.checkStatements()
		v.attempt(func() { judgeHeads(policy, head, nil, nil) })
	})
}

func (x *evidence) checkIntent(account string) {
	hash := hexSha("ibkr-order/v1", canonical(x.intent))
	need(hash == text(x.meta, "intent_hash"), "INTENT_DIFFERS", "the intent is not the one of the entry")
	without := object{}
	for n, v := range x.intent {
		if n != "coid" {
			without[n] = v
		}
	}
	coid := "ieg1-" + hexSha("ibkr-coid/v1", canonical(without))[:32]
	need(coid == text(x.intent, "coid") && coid == text(x.meta, "coid"), "ORDER_REFERENCE_DIFFERS", "the order's reference does not follow from its intent")
	need(text(x.intent, "gateway_account_id") == account, "ORDER_LEAF_DIFFERS", "the intent is of another account")
	if policy := x.e["policy"]; policy != nil {
		need(hexSha("ibkr-policy/v1\n", canonical(policy)) == text(x.intent, "policy_hash"), "INTENT_DIFFERS", "the policy is not the intent's")
	}
}

func (x *evidence) checkOpenings() {
	list, ok := x.e["openings"].([]interface{})
	need(ok, "ORDER_EVIDENCE_MALFORMED", "the evidence has no openings")
	for _, e := range list {
		o, ok := e.(object)
		need(ok && exactly(o, "field", "payload", "salt"), "OPENING_MALFORMED", "an opening does not read")
		checkOpening(x.event, o, 0)
		if payload, isText := o["payload"].(string); isText && text(o, "field") == "account" {
			need(payload == canonical(orderOf(x.intent)["account_id"]), "ORDER_LEAF_DIFFERS", "the account is not the intent's")
		}
	}
}

func (x *evidence) checkPcKey(v *verdict) {
	if x.e["pc_key"] == nil {
		return
	}
	k, ok := url64(text(x.e, "pc_key"))
	need(ok && len(k) == 32, "ORDER_EVIDENCE_MALFORMED", "the PC's key does not read")
	x.pc = k
	if !x.keys.pcs[text(x.e, "pc_key")] {
		v.note("STATEMENT_KEY_UNKNOWN", "the reader's list does not name the PC's key")
	}
}

var members = map[string][]string{
	"approver": {"credential_id", "cose_key", "rp_id", "origins", "label_sha256", "enrolled_at", "enrolled_via"},
	"sent":     {"coid", "intent_hash", "body", "confirmed", "sent_at", "seen", "pc_seq"},
	"result":   {"coid", "order_id", "status", "executions", "read_at", "pc_seq"},
}

// statement gives the body of a statement, and the bytes that were signed.
func (x *evidence) statement(name, kind string) (object, string) {
	const bad = "STATEMENT_MALFORMED"
	if x.e[name] == nil {
		return nil, ""
	}
	s, ok := x.e[name].(object)
	body, isObject := s["body"].(object)
	need(ok && isObject && exactly(s, "body", "signature"), bad, "a statement does not read")
	version, ok := count(body, "v")
	need(ok && version == 1 && text(body, "kind") == kind && noFraction(body) && exactly(body, append([]string{"v", "kind"}, members[kind]...)...), bad, "a statement's body does not read")
	bytes := "ibkr-pc-statement/v1\n" + canonical(body)
	if s["signature"] == nil && name == "approver" {
		return body, bytes
	}
	sig, ok := url64(text(s, "signature"))
	need(ok && len(sig) == 64, bad, "a statement's signature does not read")
	need(x.pc != nil, "ORDER_EVIDENCE_MALFORMED", "a statement has no key")
	need(ed25519.Verify(x.pc, []byte(bytes), sig), "STATEMENT_SIGNATURE", "a statement's signature does not hold")
	return body, bytes
}

func noFraction(v interface{}) bool {
	switch x := v.(type) {
	case json.Number:
		return !strings.ContainsAny(x.String(), ".eE")
	case []interface{}:
		for _, e := range x {
			if !noFraction(e) {
				return false
			}
		}
	case object:
		for _, e := range x {
			if !noFraction(e) {
				return false
			}
		}
	}
	return true
}

func (x *evidence) checkStatements() {
	var listed []string
	coid := text(x.meta, "coid")
	if sent, signed := x.statement("sent", "sent"); sent != nil {
		listed = append(listed, hexSha(signed))
		need(text(sent, "coid") == coid && text(sent, "intent_hash") == text(x.meta, "intent_hash"), "STATEMENT_DIFFERS", "the PC sent another order")
		x.checkBody(text(sent, "body"))
		x.checkSeen(sent["seen"])
	}
	if result, signed := x.statement("result", "result"); result != nil {
		listed = append(listed, hexSha(signed))
		need(text(result, "coid") == coid, "STATEMENT_DIFFERS", "the result is another order's")
	}
	need(strings.Join(listed, ",") == text(x.meta, "statements_sha256"), "ORDER_LEAF_DIFFERS", "the entry lists other statements")
}

func (x *evidence) checkSeen(v interface{}) {
	if v == nil {
		return
	}
	seen, ok := v.(object)
	size, isCount := count(seen, "size")
	need(ok && isCount, "STATEMENT_MALFORMED", "what the PC had seen does not read")
	other := size == x.head.size && text(seen, "root") != hexOf(x.head.root)
	need(size <= x.head.size && !other, "FORKED", "the PC had seen another log")
}

func (x *evidence) checkApprover(v *verdict, hash []byte) {
	a, ok := x.e["assertion"].(object)
	need(ok && exactly(a, "id", "client_data_json", "authenticator_data", "signature"), "ASSERTION_MALFORMED", "the assertion does not read")
	need(hexSha(canonical(a)) == text(x.meta, "assertion_sha256"), "ORDER_LEAF_DIFFERS", "the entry names another assertion")
	body, _ := x.statement("approver", "approver")
	need(body != nil, "ORDER_EVIDENCE_MALFORMED", "the evidence has no approver")
	cose, ok := url64(text(body, "cose_key"))
	need(ok, "STATEMENT_MALFORMED", "the passkey's key does not read")
	listed, known := x.keys.approvers[text(body, "credential_id")]
	need(!known || listed == hexOf(sha(cose)), "APPROVER_DIFFERS", "the reader's list names another key for this passkey")
	if s, _ := x.e["approver"].(object); s["signature"] == nil && !known {
		v.note("STATEMENT_KEY_UNKNOWN", "nobody vouches for the passkey")
	}
	checkAssertion(a, body, cose, hash)
}

func checkAssertion(a, approver object, cose, hash []byte) {
	need(text(a, "id") == text(approver, "credential_id"), "APPROVER_DIFFERS", "another passkey answered")
	client, ok1 := url64(text(a, "client_data_json"))
	auth, ok2 := url64(text(a, "authenticator_data"))
	sig, ok3 := url64(text(a, "signature"))
	need(ok1 && ok2 && ok3 && len(auth) >= 37, "ASSERTION_MALFORMED", "the assertion does not read")
	v, ok := parseLoose(string(client))
	c, isObject := v.(object)
	need(ok && isObject, "ASSERTION_MALFORMED", "the client data do not read")
	need(text(c, "type") == "webauthn.get", "ASSERTION_TYPE", "the client data are of another type")
	need(text(c, "challenge") == base64.RawURLEncoding.EncodeToString(hash), "ASSERTION_CHALLENGE", "other terms were signed")
	_, top := c["topOrigin"]
	origins, _ := approver["origins"].([]interface{})
	named := false
	for _, o := range origins {
		named = named || o == c["origin"]
	}
	need(c["crossOrigin"] != true && !top && named, "ASSERTION_ORIGIN", "another page asked")
	need(bytes.Equal(auth[:32], sha([]byte(text(approver, "rp_id")))), "ASSERTION_RELYING_PARTY", "another site asked")
	need(auth[32]&1 != 0, "ASSERTION_USER_ABSENT", "nobody was present")
	need(auth[32]&4 != 0, "ASSERTION_USER_UNVERIFIED", "nobody was verified")
	checkCose(cose, append(append([]byte{}, auth...), sha(client)...), sig)
}
