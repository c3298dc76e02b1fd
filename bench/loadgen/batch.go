package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"strconv"
	"time"
)

// shape says what a batch looks like.
type shape struct {
	spans         int
	spansPerTrace int
	resources     int
	services      int
	attributes    int
}

// batch is an encoded ExportTraceServiceRequest in which only the trace ids and the times are set anew for every sending, so that
// generating costs little beside what the server does.
type batch struct {
	encoded  []byte
	spans    int
	traceIDs [][]int // per trace, where its 16-byte id stands
	times    []int   // where a time stands, relative to timeBase
}

// Times are encoded relative to this one, which occurs nowhere else.
const (
	timeBase     = uint64(1e15)
	timeSpan     = uint64(1e11)
	traceLength  = uint64(time.Second)
	sentAfterEnd = uint64(time.Second)
)

// The first half of a trace id that is yet to be set; the second half is the trace's number.
var traceMark = []byte("\xfeTRACEID")

func newBatch(random *rand.Rand, s shape, firstService int) *batch {
	spansOf := make([][]byte, s.resources)
	ids := make([][]byte, s.spans)
	for i := range s.spans {
		ids[i] = make([]byte, 8)
		random.Read(ids[i])
		var parent []byte
		if inTrace := i % s.spansPerTrace; inTrace > 0 { // each trace is a tree of fan-out 3
			parent = ids[i-inTrace+(inTrace-1)/3]
		}
		resource := (i % s.spansPerTrace) % s.resources
		span := newSpan(random, s, i, ids[i], parent)
		spansOf[resource] = appendBytes(spansOf[resource], 2, span)
	}
	var encoded []byte
	for i, spans := range spansOf {
		if len(spans) > 0 {
			encoded = appendBytes(encoded, 1, newResourceSpans((firstService+i)%s.services, spans))
		}
	}
	b := &batch{encoded: encoded, spans: s.spans}
	b.findTraceIDs((s.spans + s.spansPerTrace - 1) / s.spansPerTrace)
	b.findTimes()
	return b
}

func newResourceSpans(service int, spans []byte) []byte {
	var resource []byte
	for _, attribute := range [][]byte{
		textAttribute("service.name", fmt.Sprintf("service-%02d", service)),
		textAttribute("service.version", "1.2.3"),
		textAttribute("host.name", fmt.Sprintf("node-%d", service)),
		textAttribute("telemetry.sdk.language", "go"),
		textAttribute("deployment.environment.name", "bench"),
	} {
		resource = appendBytes(resource, 1, attribute)
	}
	scope := appendBytes(nil, 1, []byte("loadgen"))
	scopeSpans := append(appendBytes(nil, 1, scope), spans...)
	return appendBytes(appendBytes(nil, 1, resource), 2, scopeSpans)
}

func newSpan(random *rand.Rand, s shape, index int, id, parent []byte) []byte {
	inTrace := uint64(index % s.spansPerTrace)
	step := traceLength / uint64(2*s.spansPerTrace)
	start, end := timeBase+inTrace*step, timeBase+traceLength-inTrace*step

	span := appendBytes(nil, 1, binary.BigEndian.AppendUint64(bytes.Clone(traceMark), uint64(index/s.spansPerTrace)))
	span = appendBytes(span, 2, id)
	if parent != nil {
		span = appendBytes(span, 4, parent)
	}
	span = appendBytes(span, 5, []byte("op-"+strconv.Itoa(random.Intn(20))+" /api/v1/resource/{id}"))
	span = appendVarint(span, 6, uint64(1+random.Intn(5)))
	span = appendFixed64(span, 7, start)
	span = appendFixed64(span, 8, end)
	for _, attribute := range attributes(random, s.attributes) {
		span = appendBytes(span, 9, attribute)
	}
	if index%10 == 0 {
		event := appendBytes(appendFixed64(nil, 1, start), 2, []byte("exception"))
		span = appendBytes(span, 11, appendBytes(event, 3, textAttribute("exception.type", "TimeoutError")))
		span = appendBytes(span, 15, appendVarint(nil, 3, 2))
	}
	return span
}

func attributes(random *rand.Rand, count int) [][]byte {
	all := [][]byte{
		textAttribute("http.request.method", []string{"GET", "POST", "PUT"}[random.Intn(3)]),
		intAttribute("http.response.status_code", []int{200, 200, 200, 404, 500}[random.Intn(5)]),
		textAttribute("url.path", "/api/v1/resource/"+strconv.Itoa(random.Intn(100_000))),
		textAttribute("server.address", "host-"+strconv.Itoa(random.Intn(50))+".example.internal"),
		intAttribute("server.port", 8080),
		textAttribute("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) loadgen"),
		textAttribute("db.system", "postgresql"),
		textAttribute("customer.id", strconv.Itoa(random.Intn(10_000))),
		boolAttribute("cache.hit", random.Intn(2) == 0),
		intAttribute("payload.size", random.Intn(100_000)),
	}
	for len(all) < count {
		all = append(all, textAttribute("extra."+strconv.Itoa(len(all)), "value-"+strconv.Itoa(random.Intn(1000))))
	}
	return all[:count]
}

func (b *batch) findTraceIDs(traces int) {
	b.traceIDs = make([][]int, traces)
	for at := 0; ; at += 16 {
		next := bytes.Index(b.encoded[at:], traceMark)
		if next < 0 {
			return
		}
		at += next
		trace := binary.BigEndian.Uint64(b.encoded[at+8:])
		b.traceIDs[trace] = append(b.traceIDs[trace], at)
	}
}

func (b *batch) findTimes() {
	for at := 0; at+8 <= len(b.encoded); at++ {
		if value := binary.LittleEndian.Uint64(b.encoded[at:]); value >= timeBase && value < timeBase+timeSpan {
			b.times = append(b.times, at)
			at += 7
		}
	}
}

// stamp writes the batch into `into`, with new trace ids (or the fixed one) and times that end about now.
func (b *batch) stamp(into []byte, random *rand.Rand, fixedID []byte) []byte {
	into = append(into[:0], b.encoded...)
	id := make([]byte, 16)
	copy(id, fixedID)
	for _, places := range b.traceIDs {
		if fixedID == nil {
			binary.LittleEndian.PutUint64(id, random.Uint64())
			binary.LittleEndian.PutUint64(id[8:], random.Uint64()|1)
		}
		for _, at := range places {
			copy(into[at:], id)
		}
	}
	shift := uint64(time.Now().UnixNano()) - traceLength - sentAfterEnd - timeBase
	for _, at := range b.times {
		binary.LittleEndian.PutUint64(into[at:], binary.LittleEndian.Uint64(into[at:])+shift)
	}
	return into
}
