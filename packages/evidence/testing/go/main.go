// Reads what the evidence package writes, by Go's own golang.org/x/mod/sumdb: an implementation of
// the same formats by other people. Usage: main FOLDER, with the files that go.test.ts writes.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type claims struct {
	LogKey      string   `json:"log_key"`
	WitnessKey  string   `json:"witness_key"`
	Index       int64    `json:"index"`
	Inclusion   []string `json:"inclusion"`
	OldSize     int64    `json:"old_size"`
	OldRoot     string   `json:"old_root"`
	Consistency []string `json:"consistency"`
}

// cosigner verifies cosignature/v1, which the library does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig[:8]))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

// tiles reads the files of a folder under the names of tlog-tiles.
type tiles struct{ folder string }

func (t tiles) Height() int                           { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte)   {}
func (t tiles) ReadTiles(of []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range of {
		// The library writes the height into the path, and the standard does not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func main() {
	folder := os.Args[1]
	var said claims
	must(json.Unmarshal(read(folder, "claims.json"), &said))
	logKey, err := note.NewVerifier(said.LogKey)
	must(err)
	opened, err := note.Open(read(folder, "checkpoint"), note.VerifierList(logKey, witness(said.WitnessKey)))
	must(err)
	check(len(opened.Sigs) == 2, "two signatures hold")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root := hashOf(lines[2])

	rebuilt := rootOfBundles(folder, size)
	check(rebuilt == root, "the entries of the bundles lead to the signed root")
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, tiles{folder})
	leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, said.Index)})
	must(err)
	must(tlog.CheckRecord(hashesOf(said.Inclusion), size, root, said.Index, leaf[0]))
	must(tlog.CheckTree(hashesOf(said.Consistency), size, root, said.OldSize, hashOf(said.OldRoot)))
	proof, err := tlog.ProveTree(size, said.OldSize, reader)
	must(err)
	check(fmt.Sprint(proof) == fmt.Sprint(tlog.TreeProof(hashesOf(said.Consistency))), "the same proof comes out")
	fmt.Println("verified", size, hex.EncodeToString(root[:]))
}

func witness(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	check(key[0] == 4, "the witness's key is one for cosignatures")
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	check(binary.BigEndian.Uint32(id[:4]) == uint32(hash), "the witness's id follows from its key")
	return cosigner{parts[0], uint32(hash), key[1:]}
}

// rootOfBundles builds the tree anew from the entries themselves.
func rootOfBundles(folder string, size int64) tlog.Hash {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, i := range indexes {
			found = append(found, stored[i])
		}
		return found, nil
	})
	for n := int64(0); n < size; {
		width := size - n
		name := fmt.Sprintf("tile/entries/%03d", n/256)
		if width >= 256 {
			width = 256
		} else {
			name += fmt.Sprintf(".p/%d", width)
		}
		data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		must(err)
		for ; width > 0; width-- {
			length := int(data[0])<<8 | int(data[1])
			hashes, err := tlog.StoredHashes(n, data[2:2+length], read)
			must(err)
			stored = append(stored, hashes...)
			data = data[2+length:]
			n++
		}
		check(len(data) == 0, "the bundle ends with its last entry")
	}
	root, err := tlog.TreeHash(size, read)
	must(err)
	return root
}

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return data
}

func hashOf(text string) (hash tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err)
	check(len(data) == 32, "a hash has 32 bytes")
	copy(hash[:], data)
	return hash
}

func hashesOf(texts []string) (hashes []tlog.Hash) {
	for _, text := range texts {
		hashes = append(hashes, hashOf(text))
	}
	return hashes
}

func check(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "not so: "+what)
		os.Exit(2)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
