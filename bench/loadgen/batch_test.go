package main

import (
	"math/rand"
	"testing"
)

func TestEveryTraceIDAndTimeIsFound(t *testing.T) {
	s := shape{spans: 512, spansPerTrace: 10, resources: 4, services: 20, attributes: 12}
	b := newBatch(rand.New(rand.NewSource(1)), s, 0)
	ids := 0
	for _, places := range b.traceIDs {
		ids += len(places)
	}
	if ids != s.spans {
		t.Errorf("%d trace ids of %d spans", ids, s.spans)
	}
	// Two a span, and one for the event that every tenth has.
	if want := 2*s.spans + (s.spans+9)/10; len(b.times) != want {
		t.Errorf("%d times, not %d", len(b.times), want)
	}
	first, second := b.stamp(nil, rand.New(rand.NewSource(2)), nil), b.stamp(nil, rand.New(rand.NewSource(3)), nil)
	at := b.traceIDs[0][0]
	if string(first[at:at+16]) == string(second[at:at+16]) {
		t.Error("two sendings have the same trace id")
	}
}
