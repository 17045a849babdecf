package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
)

const pilotPort = "8443"

// servePilot is the pilot service that a real harbour would call over TLS: here a server on loopback, whose
// certificate is signed by an authority of our own.
func servePilot() error {
	pair, err := tls.LoadX509KeyPair("certs/pilot.crt", "certs/pilot.key")
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:"+pilotPort, &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "on board") })
	go http.Serve(listener, handler)
	return nil
}

// pilot trusts what the system trusts, and the example's authority.
func pilot(w http.ResponseWriter, r *http.Request) {
	trusted, err := x509.SystemCertPool()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	own, err := os.ReadFile("certs/ca.crt")
	if err != nil || !trusted.AppendCertsFromPEM(own) {
		http.Error(w, "the authority cannot be read", http.StatusInternalServerError)
		return
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	response, err := client.Get("https://localhost:" + pilotPort)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	answer(w, map[string]string{"pilot": string(text)})
}
