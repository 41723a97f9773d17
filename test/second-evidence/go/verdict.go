package main

import "strings"

type fault struct {
	Outcome string `json:"outcome"`
	Code    string `json:"code,omitempty"`
	Seq     int64  `json:"seq,omitempty"`
	LastSeq int64  `json:"last_seq,omitempty"`
	Text    string `json:"text,omitempty"`
}

const uncheckedCodes = " ASSERTION_KEY_UNSUPPORTED EXPORT_UNFINISHED FILE_MISSING FILE_TOO_LARGE FORMAT_UNKNOWN OLDER_CHECKPOINT_OUTSIDE POLICY_MALFORMED POLICY_MISSING "
const unwitnessedCodes = " NOTE_UNSIGNED STATEMENT_KEY_UNKNOWN WITNESS_MISSING "

func newFault(code, sentence string, seqs ...int64) fault {
	f := fault{Outcome: "broken", Code: code, Text: sentence}
	if strings.Contains(uncheckedCodes, " "+code+" ") {
		f.Outcome = "unchecked"
	}
	if strings.Contains(unwitnessedCodes, " "+code+" ") {
		f.Outcome = "unwitnessed"
	}
	if len(seqs) > 0 {
		f.Seq = seqs[0]
	}
	if len(seqs) > 1 && seqs[1] > seqs[0] {
		f.LastSeq = seqs[1]
	}
	return f
}

// fail ends the run: what follows cannot be judged any more.
func fail(code, sentence string, seqs ...int64) { panic(newFault(code, sentence, seqs...)) }

func need(ok bool, code, sentence string, seqs ...int64) {
	if !ok {
		fail(code, sentence, seqs...)
	}
}

// verdict holds faults that do not end the run: a later, graver one may cover them.
type verdict struct{ soft []fault }

func (v *verdict) note(code, sentence string) { v.soft = append(v.soft, newFault(code, sentence)) }

// attempt runs a check that may end in a fault which a graver one of a later check covers.
func (v *verdict) attempt(check func()) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(fault)
			if !ok {
				panic(r)
			}
			v.soft = append(v.soft, f)
		}
	}()
	check()
}

func (v *verdict) outcome() fault {
	for _, outcome := range []string{"broken", "unchecked", "unwitnessed"} {
		for _, f := range v.soft {
			if f.Outcome == outcome {
				return f
			}
		}
	}
	return fault{Outcome: "verified"}
}

func judge(run func(*verdict)) fault {
	v := &verdict{}
	v.attempt(func() { run(v) })
	return v.outcome()
}
