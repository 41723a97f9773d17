package main

import (
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

const entryPrefix = "ibkr-audit/v1\n"
const entryMaxBytes = 65535

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// readEntry gives the account and the event of an entry that stands where it says.
func readEntry(entry string, seq int64) (string, object) {
	need(len(entry) <= entryMaxBytes, "ENTRY_TOO_LARGE", "an entry has at most 65,535 bytes", seq)
	need(strings.HasPrefix(entry, entryPrefix), "ENTRY_MALFORMED", "an entry begins with its version", seq)
	v, ok := parseLoose(entry[len(entryPrefix):])
	o, isObject := v.(object)
	need(ok && isObject && exactly(o, "account", "event", "seq"), "ENTRY_MALFORMED", "an entry has other members", seq)
	account, isText := o["account"].(string)
	event, isEvent := o["event"].(object)
	number, isNumber := count(o, "seq")
	need(isText && isEvent && isNumber, "ENTRY_MALFORMED", "an entry's members are of other kinds", seq)
	// Only the frame has one spelling: an event is hashed as it came, however it is written.
	var raw struct{ Event json.RawMessage }
	framed := json.Unmarshal([]byte(entry[len(entryPrefix):]), &raw) == nil &&
		`{"account":`+canonical(account)+`,"event":`+string(raw.Event)+`,"seq":`+itoa(number)+`}` == entry[len(entryPrefix):]
	need(framed, "ENTRY_NOT_CANONICAL", "an entry is spelt otherwise", seq)
	need(number == seq, "ENTRY_OF_ANOTHER_PLACE", "an entry names another place", seq)
	return account, event
}

var fieldPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
var saltPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// checkOpening: `seq` is 0 where a proof file has no number to name.
func checkOpening(event, opening object, seq int64) {
	field, isText := opening["field"].(string)
	need(isText && fieldPattern.MatchString(field), "OPENING_MALFORMED", "an opening's field has no such name", seq)
	salt, saltIsText := opening["salt"].(string)
	need(opening["salt"] == nil || saltIsText && saltPattern.MatchString(salt), "OPENING_MALFORMED", "a salt has another form", seq)
	payload, payloadIsText := opening["payload"].(string)
	need(opening["payload"] == nil || payloadIsText, "OPENING_MALFORMED", "a payload is no text", seq)
	commitment, isText := event[field].(string)
	version, _ := count(event, "v")
	need(version >= 2 && isText && hex32.MatchString(commitment), "OPENING_WITHOUT_COMMITMENT", "an opening opens nothing", seq)
	if saltIsText && payloadIsText {
		raw, _ := hex.DecodeString(salt)
		got := hexSha("ibkr-commit/v1\n", field, "\n", string(raw), payload)
		need(got == commitment, "OPENING_DIFFERS", "an opening does not open the commitment", seq)
	}
}
