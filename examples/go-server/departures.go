package main

import (
	"net/http"
	"time"
)

// Sailing is one departure; Harbour names a time zone, and Leaves is UTC.
type Sailing struct {
	Ship    string
	Harbour string
	Leaves  time.Time
}

var sailings = []Sailing{
	{"Albatross", "Europe/Copenhagen", time.Date(2026, 7, 1, 16, 30, 0, 0, time.UTC)},
	{"Bonito", "America/St_Johns", time.Date(2026, 7, 1, 17, 0, 0, 0, time.UTC)},
	{"Curlew", "Asia/Kathmandu", time.Date(2026, 12, 1, 3, 15, 0, 0, time.UTC)},
}

// departures tells when each ship leaves, by the clock of its harbour.
func departures(w http.ResponseWriter, r *http.Request) {
	local := map[string]string{}
	for _, each := range sailings {
		zone, err := time.LoadLocation(each.Harbour)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		local[each.Ship] = each.Leaves.In(zone).Format(time.RFC3339)
	}
	answer(w, local)
}
