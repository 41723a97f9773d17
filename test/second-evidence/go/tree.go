package main

import (
	"bytes"
	"math/bits"
)

func leafHash(entry string) []byte { return sha([]byte{0}, []byte(entry)) }
func nodeHash(l, r []byte) []byte  { return sha([]byte{1}, l, r) }

// frontier: the roots of the full subtrees of `size` leaves, largest first.
type frontier struct {
	size  int64
	roots [][]byte
}

func newFrontier(size int64, roots [][]byte) (*frontier, bool) {
	return &frontier{size, roots}, bits.OnesCount64(uint64(size)) == len(roots)
}

func (f *frontier) add(leaf []byte) {
	for s := f.size; s&1 == 1; s >>= 1 {
		last := len(f.roots) - 1
		leaf = nodeHash(f.roots[last], leaf)
		f.roots = f.roots[:last:last]
	}
	f.roots = append(f.roots, leaf)
	f.size++
}

func (f *frontier) root() []byte {
	if f.size == 0 {
		return sha()
	}
	r := f.roots[len(f.roots)-1]
	for i := len(f.roots) - 2; i >= 0; i-- {
		r = nodeHash(f.roots[i], r)
	}
	return r
}

// inclusion is RFC 9162 section 2.1.3.2. Empty code: it holds.
func inclusion(index, size int64, leaf []byte, proof [][]byte, root []byte) string {
	if index >= size {
		return "INDEX_OUTSIDE"
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range proof {
		if sn == 0 {
			return "PROOF_LENGTH"
		}
		if fn&1 == 1 || fn == sn {
			r = nodeHash(p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = nodeHash(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return "PROOF_LENGTH"
	}
	if !bytes.Equal(r, root) {
		return "ROOT_DIFFERS"
	}
	return ""
}

// consistency is RFC 9162 section 2.1.4.2.
func consistency(m, n int64, first, second []byte, proof [][]byte) string {
	if m == 0 || m == n {
		if len(proof) != 0 {
			return "PROOF_LENGTH"
		}
		if m == n && !bytes.Equal(first, second) {
			return "ROOT_DIFFERS"
		}
		return ""
	}
	if m&(m-1) == 0 {
		proof = append([][]byte{first}, proof...)
	}
	if len(proof) == 0 {
		return "PROOF_LENGTH"
	}
	fn, sn := m-1, n-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := proof[0], proof[0]
	for _, c := range proof[1:] {
		if sn == 0 {
			return "PROOF_LENGTH"
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = nodeHash(c, fr), nodeHash(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = nodeHash(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return "PROOF_LENGTH"
	}
	if !bytes.Equal(fr, first) || !bytes.Equal(sr, second) {
		return "ROOT_DIFFERS"
	}
	return ""
}
