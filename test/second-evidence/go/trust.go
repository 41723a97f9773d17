package main

import (
	"strings"
)

type trust struct {
	logs      []key
	witnesses []key
	quorum    func(signed []key) bool
}

func parseTrust(raw string) (*trust, bool) {
	t := &trust{}
	names := map[string]func([]key) bool{}
	for _, line := range strings.Split(raw, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		switch {
		case f[0] == "log" && (len(f) == 2 || len(f) == 3):
			k, ok := parseVkey(f[1])
			if !ok || k.kind != 1 {
				return nil, false
			}
			t.logs = append(t.logs, k)
		case f[0] == "witness" && (len(f) == 3 || len(f) == 4):
			k, ok := parseVkey(f[2])
			if !ok || k.kind != 4 || f[1] == "none" || names[f[1]] != nil {
				return nil, false
			}
			t.witnesses = append(t.witnesses, k)
			names[f[1]] = func(signed []key) bool { return has(signed, k) }
		case f[0] == "group" && len(f) >= 4:
			members := f[3:]
			want, ok := whole(f[2])
			if f[2] == "all" {
				want, ok = int64(len(members)), true
			} else if f[2] == "any" {
				want, ok = 1, true
			}
			if !ok || want < 1 || want > int64(len(members)) || f[1] == "none" || names[f[1]] != nil {
				return nil, false
			}
			seen := map[string]bool{}
			var checks []func([]key) bool
			for _, m := range members {
				if names[m] == nil || seen[m] {
					return nil, false
				}
				seen[m] = true
				checks = append(checks, names[m])
			}
			names[f[1]] = func(signed []key) bool {
				n := int64(0)
				for _, c := range checks {
					if c(signed) {
						n++
					}
				}
				return n >= want
			}
		case f[0] == "quorum" && len(f) == 2 && t.quorum == nil:
			t.quorum = names[f[1]]
			if f[1] == "none" {
				t.quorum = func([]key) bool { return true }
			}
			if t.quorum == nil {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return t, t.quorum != nil && len(t.logs) > 0
}

func (t *trust) logKeys(origin string) []key {
	var out []key
	for _, k := range t.logs {
		if k.name == origin {
			out = append(out, k)
		}
	}
	return out
}

// judgeHead demands the log's signature, and the quorum's where `whole` is set.
func (t *trust) judgeHead(c checkpoint, logs []key, quorum bool) []key {
	signed := c.signers(append(append([]key{}, logs...), t.witnesses...))
	need(bySome(signed, logs), "NOTE_UNSIGNED", "no log key of the policy has signed the head of size "+itoa(c.size))
	need(!quorum || t.quorum(signed), "WITNESS_MISSING", "the quorum's witnesses have not signed the head")
	return signed
}

func bySome(signed, keys []key) bool {
	for _, k := range keys {
		if has(signed, k) {
			return true
		}
	}
	return false
}
