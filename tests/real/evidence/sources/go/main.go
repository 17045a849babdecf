// A server that greets.
package main

import (
	"fmt"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "hello") })
	if err := http.ListenAndServe(":8080", nil); err != nil {
		panic(err)
	}
}
