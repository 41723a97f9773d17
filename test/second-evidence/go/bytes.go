package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const maxWhole = 1<<53 - 1

type object = map[string]interface{}

func sha(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func hexSha(parts ...string) string { return hex.EncodeToString(sha([]byte(strings.Join(parts, "")))) }

// strict64 refuses what an encoder would not have written; Go's own strict mode still skips line ends.
func strict64(enc *base64.Encoding, text string) ([]byte, bool) {
	b, err := enc.DecodeString(text)
	return b, err == nil && enc.EncodeToString(b) == text
}

func std64(text string) ([]byte, bool) { return strict64(base64.StdEncoding, text) }
func url64(text string) ([]byte, bool) { return strict64(base64.RawURLEncoding, text) }

var wholePattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

func whole(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && wholePattern.MatchString(text) && n <= maxWhole
}

var hex32 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// parseCanonical takes a text only when it is byte for byte its own RFC 8785 form.
func parseCanonical(text string) (interface{}, bool) {
	if !utf8.ValidString(text) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v interface{}
	if dec.Decode(&v) != nil {
		return nil, false
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, false
	}
	return v, canonical(v) == text
}

func parseObject(text string) (object, bool) {
	v, ok := parseCanonical(text)
	o, isObject := v.(object)
	return o, ok && isObject
}

func canonical(v interface{}) string {
	var b bytes.Buffer
	write(&b, v)
	return b.String()
}

func write(b *bytes.Buffer, v interface{}) {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case int:
		b.WriteString(strconv.Itoa(x))
	case json.Number:
		b.WriteString(number(x))
	case string:
		quote(b, x)
	case []interface{}:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, e)
		}
		b.WriteByte(']')
	case object:
		names := make([]string, 0, len(x))
		for n := range x {
			names = append(names, n)
		}
		sort.Slice(names, func(i, j int) bool { return before16(names[i], names[j]) })
		b.WriteByte('{')
		for i, n := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, n)
			b.WriteByte(':')
			write(b, x[n])
		}
		b.WriteByte('}')
	}
}

// before16 orders names by UTF-16 units, as RFC 8785 does; Go's own order is by code points.
func before16(a, b string) bool {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

func number(n json.Number) string {
	f, err := n.Float64()
	if err != nil {
		return "out of range"
	}
	if f == 0 {
		return "0"
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	return strings.Replace(strings.Replace(s, "e-0", "e-", 1), "e+0", "e+", 1)
}

func quote(b *bytes.Buffer, s string) {
	const short = `"\` + "\b\t\n\f\r"
	const letters = `"\btnfr`
	b.WriteByte('"')
	for _, r := range s {
		if i := strings.IndexRune(short, r); i >= 0 {
			b.WriteByte('\\')
			b.WriteByte(letters[i])
		} else if r < 0x20 {
			b.WriteString(`\u00` + hex.EncodeToString([]byte{byte(r)}))
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

func text(o object, name string) string { s, _ := o[name].(string); return s }

func count(o object, name string) (int64, bool) {
	n, ok := o[name].(json.Number)
	if !ok {
		return 0, false
	}
	return whole(n.String())
}

func exactly(o object, names ...string) bool {
	for _, n := range names {
		if _, ok := o[n]; !ok {
			return false
		}
	}
	return len(o) == len(names)
}
