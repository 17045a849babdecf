package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEachShipLeavesByTheClockOfItsHarbour(t *testing.T) {
	recorder := httptest.NewRecorder()
	departures(recorder, nil)
	for _, expected := range []string{"2026-07-01T18:30:00+02:00", "2026-07-01T14:30:00-02:30", "2026-12-01T09:00:00+05:45"} {
		if !strings.Contains(recorder.Body.String(), expected) {
			t.Errorf("%s is not in %s", expected, recorder.Body.String())
		}
	}
}
