package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

const folder = "uploads"

// visits counts its own calls, in a file.
func visits(w http.ResponseWriter, r *http.Request) {
	path := filepath.Join(folder, "visits.log")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	log, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	log.WriteString("seen\n")
	log.Close()
	text, _ := os.ReadFile(path)
	answer(w, map[string]int{"visits": bytes.Count(text, []byte("\n"))})
}

// upload keeps the body of a POST, written to a temporary file first.
func upload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST a manifest here", http.StatusMethodNotAllowed)
		return
	}
	draft, err := os.CreateTemp("", "manifest-*")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer os.Remove(draft.Name())
	size, _ := io.Copy(draft, http.MaxBytesReader(w, r.Body, 1<<20))
	draft.Close()
	text, _ := os.ReadFile(draft.Name())
	os.MkdirAll(folder, 0o755)
	if err := os.WriteFile(filepath.Join(folder, "manifest.txt"), text, 0o644); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]int64{"bytes": size})
}
