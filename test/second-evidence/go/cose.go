package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
)

// readCbor reads what a COSE key consists of: a map of small whole numbers to whole numbers and bytes.
func readCbor(b []byte) (map[int64]interface{}, bool) {
	item := func() (byte, uint64, bool) {
		if len(b) == 0 {
			return 0, 0, false
		}
		major, low := b[0]>>5, uint64(b[0]&31)
		b = b[1:]
		extra := map[uint64]int{24: 1, 25: 2, 26: 4}[low]
		if low < 24 {
			return major, low, true
		}
		if extra == 0 || len(b) < extra {
			return 0, 0, false
		}
		wide := make([]byte, 8)
		copy(wide[8-extra:], b[:extra])
		b = b[extra:]
		return major, binary.BigEndian.Uint64(wide), true
	}
	major, n, ok := item()
	if !ok || major != 5 {
		return nil, false
	}
	out := map[int64]interface{}{}
	signed := func(major byte, n uint64) int64 {
		if major == 1 {
			return -1 - int64(n)
		}
		return int64(n)
	}
	for ; n > 0; n-- {
		major, k, ok := item()
		if !ok || major > 1 {
			return nil, false
		}
		name := signed(major, k)
		major, k, ok = item()
		switch {
		case !ok:
			return nil, false
		case major <= 1:
			out[name] = signed(major, k)
		case major == 2 && uint64(len(b)) >= k:
			out[name] = b[:k]
			b = b[k:]
		default:
			return nil, false
		}
	}
	return out, len(b) == 0
}

func checkCose(cose, message, sig []byte) {
	k, ok := readCbor(cose)
	const unsupported = "ASSERTION_KEY_UNSUPPORTED"
	need(ok, unsupported, "the passkey's key does not read")
	bytesOf := func(n int64) []byte { b, _ := k[n].([]byte); return b }
	holds := false
	hash := sha(message)
	switch k[3] {
	case int64(-7):
		x, y := new(big.Int).SetBytes(bytesOf(-2)), new(big.Int).SetBytes(bytesOf(-3))
		need(k[1] == int64(2) && k[-1] == int64(1) && elliptic.P256().IsOnCurve(x, y), unsupported, "the passkey's key is of another kind")
		holds = ecdsa.VerifyASN1(&ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}, hash, sig)
	case int64(-8):
		need(k[1] == int64(1) && k[-1] == int64(6) && len(bytesOf(-2)) == 32, unsupported, "the passkey's key is of another kind")
		holds = len(sig) == 64 && ed25519.Verify(bytesOf(-2), message, sig)
	case int64(-257):
		need(k[1] == int64(3) && len(bytesOf(-1)) >= 256 && len(bytesOf(-2)) <= 4, unsupported, "the passkey's key is of another kind")
		e := new(big.Int).SetBytes(bytesOf(-2)).Int64()
		pub := &rsa.PublicKey{N: new(big.Int).SetBytes(bytesOf(-1)), E: int(e)}
		holds = rsa.VerifyPKCS1v15(pub, crypto.SHA256, hash, sig) == nil
	default:
		fail(unsupported, "the passkey's key is of another kind")
	}
	need(holds, "ASSERTION_SIGNATURE", "the passkey's signature does not hold")
}
