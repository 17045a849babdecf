// A harbour's timetable: pages from a template, JSON, a log that is written, uploads, a call over TLS.
package main

import (
	"embed"
	"encoding/json"
	"flag"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"
)

//go:embed templates
var files embed.FS

var page = template.Must(template.ParseFS(files, "templates/*.html"))

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func port() string {
	if told := os.Getenv("PORT"); told != "" {
		return told
	}
	return "8080"
}

// healthy asks the server that runs in the same container: an image need not bring a tool for that.
func healthy() int {
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get("http://127.0.0.1:" + port() + "/health")
	if err != nil || response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

func main() {
	health := flag.Bool("health", false, "ask the running server how it is, and exit")
	flag.Parse()
	if *health {
		os.Exit(healthy())
	}
	if err := servePilot(); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", index)
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { answer(w, map[string]string{"status": "ok"}) })
	http.HandleFunc("/departures", departures)
	http.HandleFunc("/pilot", pilot)
	http.HandleFunc("/visits", visits)
	http.HandleFunc("/upload", upload)
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	log.Printf("listening on :%s", port())
	log.Fatal(http.ListenAndServe(":"+port(), nil))
}

func index(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	if err := page.ExecuteTemplate(w, "index.html", sailings); err != nil {
		log.Print(err)
	}
}
