package main

import (
	"embed"
	"fmt"
	"os"
)

//go:embed pages
var files embed.FS

var arguments = os.Args

func main() {
	inside, _ := files.ReadFile("pages/index.txt")
	page, err := os.ReadFile("pages/index.txt")
	fmt.Printf("%s%s%v %d\n", inside, page, err, len(arguments))
}
