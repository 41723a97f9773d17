// A second verifier of the gateway's evidence, written from packages/evidence/SPEC.md alone.
// It shares no line with the first. Its library is Go's own, without any module.
//
//	second export <folder> [--policy file] [--since head]... [--now seconds]
//	second proof <file>    [--policy file] [--keys list] [--now seconds]
//	second write <folder> [--now seconds]
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// now is the reader's clock in seconds; --now sets another.
var now func() int64

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func run(args []string) (fault, bool) {
	if len(args) < 2 {
		return fault{}, false
	}
	policy, keys, since := "", "", []string{}
	now = func() int64 { return time.Now().Unix() }
	for i := 2; i+1 < len(args); i += 2 {
		switch args[i] {
		case "--policy":
			policy = args[i+1]
		case "--keys":
			keys = args[i+1]
		case "--now":
			seconds, ok := whole(args[i+1])
			if !ok {
				return fault{}, false
			}
			now = func() int64 { return seconds }
		case "--since":
			since = append(since, args[i+1])
		default:
			return fault{}, false
		}
	}
	switch args[0] {
	case "export":
		return verifyExport(args[1], policy, since), true
	case "proof":
		return verifyProof(args[1], policy, keys), true
	case "write":
		return fault{Outcome: "verified"}, writeExport(args[1]) == nil
	}
	return fault{}, false
}

func main() {
	f, ok := run(os.Args[1:])
	if !ok {
		fmt.Fprintln(os.Stderr, "second export|proof|write <path> [--policy file] [--since head] [--keys list]")
		os.Exit(1)
	}
	out, _ := json.Marshal(f)
	fmt.Println(string(out))
	os.Exit(map[string]int{"verified": 0, "unchecked": 1, "broken": 2, "unwitnessed": 2}[f.Outcome])
}
