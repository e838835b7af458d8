// A second opinion on the record: Go's own checksum-database code (golang.org/x/mod/sumdb, as Debian packages it) judges
// what Cardcase writes. One question a line on standard input as JSON, one answer a line on standard output.
//
// Built offline by tests/custody/test_go_oracle.py; nothing of the product runs or ships it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Op     string   `json:"op"`
	Note   []byte   `json:"note"`   // a signed note, byte for byte
	Keys   []string `json:"keys"`   // verifier keys, or one signer key
	Leaves [][]byte `json:"leaves"` // entries, before hashing
	Proof  [][]byte `json:"proof"`
	Leaf   []byte   `json:"leaf"`
	Index  int64    `json:"index"`
	Old    int64    `json:"old"`
	Size   int64    `json:"size"`
	Root   []byte   `json:"root"`
	Past   []byte   `json:"past"` // root of the old tree
}

type answer struct {
	OK    bool     `json:"ok"`
	Why   string   `json:"why,omitempty"`
	Size  int64    `json:"size,omitempty"`
	Root  []byte   `json:"root,omitempty"`
	Proof [][]byte `json:"proof,omitempty"`
	Note  []byte   `json:"note,omitempty"`
}

// tree is a Merkle tree in memory, stored as x/mod lays hashes out.
type tree []tlog.Hash

func (t tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = t[index]
	}
	return found, nil
}

func grow(leaves [][]byte) (tree, error) {
	var t tree
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(n), leaf, t)
		if err != nil {
			return nil, err
		}
		t = append(t, hashes...)
	}
	return t, nil
}

func hash(data []byte) (tlog.Hash, error) {
	var h tlog.Hash
	if len(data) != len(h) {
		return h, fmt.Errorf("a hash has %d bytes, not %d", len(h), len(data))
	}
	copy(h[:], data)
	return h, nil
}

func hashes(list [][]byte) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, 0, len(list))
	for _, data := range list {
		h, err := hash(data)
		if err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	return found, nil
}

func plain(list []tlog.Hash) [][]byte {
	found := make([][]byte, 0, len(list))
	for _, h := range list {
		found = append(found, append([]byte{}, h[:]...))
	}
	return found
}

// checkpoint opens a note that every one of the keys must have signed, and reads the head in it. The name of the log is
// the only difference between our heads and those of sum.golang.org; it is exchanged before x/mod reads the rest.
func checkpoint(q question) (answer, error) {
	var verifiers []note.Verifier
	for _, key := range q.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return answer{}, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(q.Note, note.VerifierList(verifiers...))
	if err != nil {
		return answer{}, err
	}
	if len(opened.Sigs) != len(q.Keys) {
		return answer{}, fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(q.Keys))
	}
	origin, rest, found := bytes.Cut([]byte(opened.Text), []byte("\n"))
	if !found || string(origin) != verifiers[0].Name() {
		return answer{}, errors.New("the head is of another log")
	}
	if bytes.Count(rest, []byte("\n")) != 2 {
		return answer{}, errors.New("more lines than a head has")
	}
	head, err := tlog.ParseTree(append([]byte("go.sum database tree\n"), rest...))
	if err != nil {
		return answer{}, err
	}
	return answer{OK: true, Size: head.N, Root: head.Hash[:]}, nil
}

func sign(q question) (answer, error) {
	signer, err := note.NewSigner(q.Keys[0])
	if err != nil {
		return answer{}, err
	}
	signed, err := note.Sign(&note.Note{Text: string(q.Note)}, signer)
	return answer{OK: err == nil, Note: signed}, err
}

func included(q question) (answer, error) {
	proof, err := hashes(q.Proof)
	if err != nil {
		return answer{}, err
	}
	leaf, err := hash(q.Leaf)
	if err != nil {
		return answer{}, err
	}
	root, err := hash(q.Root)
	if err != nil {
		return answer{}, err
	}
	err = tlog.CheckRecord(tlog.RecordProof(proof), q.Size, root, q.Index, leaf)
	return answer{OK: err == nil}, err
}

func consistent(q question) (answer, error) {
	proof, err := hashes(q.Proof)
	if err != nil {
		return answer{}, err
	}
	past, err := hash(q.Past)
	if err != nil {
		return answer{}, err
	}
	root, err := hash(q.Root)
	if err != nil {
		return answer{}, err
	}
	err = tlog.CheckTree(tlog.TreeProof(proof), q.Size, root, q.Old, past)
	return answer{OK: err == nil}, err
}

// prove builds the tree of the leaves by itself and proves from it: an inclusion, or the growth from an older size.
func prove(q question) (answer, error) {
	t, err := grow(q.Leaves)
	if err != nil {
		return answer{}, err
	}
	size := int64(len(q.Leaves))
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		return answer{}, err
	}
	told := answer{OK: true, Size: size, Root: root[:]}
	if q.Old > 0 {
		proof, err := tlog.ProveTree(size, q.Old, t)
		if err != nil {
			return answer{}, err
		}
		told.Proof = plain(proof)
		return told, nil
	}
	proof, err := tlog.ProveRecord(size, q.Index, t)
	told.Proof = plain(proof)
	return told, err
}

func main() {
	operations := map[string]func(question) (answer, error){
		"checkpoint": checkpoint, "sign": sign, "included": included, "consistent": consistent, "prove": prove,
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for decoder := json.NewDecoder(lines); ; {
		var q question
		if err := decoder.Decode(&q); err != nil {
			return
		}
		told, err := operations[q.Op](q)
		if err != nil {
			told = answer{Why: err.Error()}
		}
		if err := encoder.Encode(told); err != nil {
			return
		}
	}
}
