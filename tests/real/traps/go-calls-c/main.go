package main

import (
	"fmt"
	"net"
)

func main() {
	port, err := net.LookupPort("tcp", "https")
	fmt.Println(twice(port), err)
}
