// loadgen sends made-up spans over OTLP gRPC to a server on this host, as fast as it takes them or at a given rate, and reports in
// JSON what was acknowledged, how fast, and what the server used for it.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
)

const (
	exportMethod   = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	requestTimeout = time.Minute
	// Different batches that are sent in turn.
	batches = 500
	// A success that leaves out nothing encodes to at most this: an empty partial_success.
	wholeResponseBytesMax = 2
)

type options struct {
	address     string
	pid         int
	spans       int
	shape       shape
	inFlight    int
	connections int
	rate        int
	fixedID     []byte
}

// report is the program's output.
type report struct {
	Sent                 int64   `json:"sent"`
	Failed               int64   `json:"failed"`
	Partial              int64   `json:"partial"`
	LastError            string  `json:"last_error,omitempty"`
	Seconds              float64 `json:"seconds"`
	SpansPerSecond       float64 `json:"spans_per_second"`
	BytesPerSpan         float64 `json:"bytes_per_span"`
	CPUSecondsPerMillion float64 `json:"cpu_seconds_per_million_spans"`
	AckP50               float64 `json:"ack_p50_ms"`
	AckP95               float64 `json:"ack_p95_ms"`
	AckP99               float64 `json:"ack_p99_ms"`
	ResidentPerSpan      float64 `json:"resident_bytes_per_span"`
}

func main() {
	options, err := parseOptions()
	if err == nil {
		err = run(options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func parseOptions() (options, error) {
	var o options
	var fixed string
	flag.StringVar(&o.address, "address", "127.0.0.1:4317", "OTLP gRPC `address` of a server on this host")
	flag.IntVar(&o.pid, "pid", 0, "process `id` of the server")
	flag.IntVar(&o.spans, "spans", 1_000_000, "spans to send")
	flag.IntVar(&o.shape.spans, "batch", 512, "spans in a request")
	flag.IntVar(&o.shape.spansPerTrace, "per-trace", 10, "spans in a trace")
	flag.IntVar(&o.shape.resources, "resources", 4, "services in a request")
	flag.IntVar(&o.shape.services, "services", 20, "services in all")
	flag.IntVar(&o.shape.attributes, "attributes", 10, "attributes of a span")
	flag.IntVar(&o.inFlight, "in-flight", 8, "requests in flight")
	flag.IntVar(&o.connections, "connections", 2, "connections")
	flag.IntVar(&o.rate, "rate", 0, "spans per second; 0: as fast as the server takes them")
	flag.StringVar(&fixed, "trace-id", "", "one trace `id` (32 hexadecimal digits) for every span")
	flag.Parse()

	host, _, err := net.SplitHostPort(o.address)
	if err != nil {
		return o, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return o, fmt.Errorf("`%s` is not an address of this host; load is only made against one's own", o.address)
	}
	if o.pid == 0 {
		return o, errors.New("`-pid` is missing: the server's CPU time is what is measured")
	}
	if fixed != "" {
		if o.fixedID, err = hex.DecodeString(fixed); err != nil || len(o.fixedID) != 16 {
			return o, fmt.Errorf("trace id `%s` must have 32 hexadecimal digits", fixed)
		}
	}
	return o, nil
}

func run(o options) error {
	encoding.RegisterCodec(rawCodec{})
	connections := make([]*grpc.ClientConn, o.connections)
	for i := range connections {
		connection, err := grpc.NewClient(o.address, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithInitialWindowSize(1<<20), grpc.WithInitialConnWindowSize(1<<22), grpc.WithWriteBufferSize(1<<17))
		if err != nil {
			return err
		}
		defer connection.Close()
		connections[i] = connection
	}
	load := newLoad(o)
	before, err := usageOf(o.pid)
	if err != nil {
		return err
	}
	began := time.Now()
	var workers sync.WaitGroup
	for i := range o.inFlight {
		workers.Go(func() { load.send(connections[i%len(connections)], int64(i), began) })
	}
	workers.Wait()
	elapsed := time.Since(began)
	after, err := usageOf(o.pid)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(load.report(elapsed, before, after))
}

// load is one run.
type load struct {
	options
	batches  []*batch
	requests int64

	next, sent, sentBytes, failed, partial atomic.Int64

	lock      sync.Mutex
	acks      []float64
	lastError error
}

func newLoad(o options) *load {
	l := &load{options: o, requests: int64((o.spans + o.shape.spans - 1) / o.shape.spans)}
	count := batches
	if o.fixedID != nil {
		count = int(l.requests) // Spans of one trace must not share their ids.
	}
	random := rand.New(rand.NewSource(time.Now().UnixNano()))
	for i := range count {
		l.batches = append(l.batches, newBatch(random, o.shape, i))
	}
	return l
}

func (l *load) send(connection *grpc.ClientConn, seed int64, began time.Time) {
	random := rand.New(rand.NewSource(time.Now().UnixNano() + seed))
	var acks []float64
	var body []byte
	for {
		request := l.next.Add(1) - 1
		if request >= l.requests {
			break
		}
		if l.rate > 0 {
			due := time.Duration(float64(request) * float64(l.shape.spans) / float64(l.rate) * float64(time.Second))
			time.Sleep(time.Until(began.Add(due)))
		}
		batch := l.batches[request%int64(len(l.batches))]
		body = batch.stamp(body, random, l.fixedID)
		var response []byte
		sent := time.Now()
		err := invoke(connection, &body, &response)
		acks = append(acks, float64(time.Since(sent).Microseconds())/1000)
		l.count(batch, len(body), response, err)
	}
	l.lock.Lock()
	l.acks = append(l.acks, acks...)
	l.lock.Unlock()
}

func invoke(connection *grpc.ClientConn, body, response *[]byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	return connection.Invoke(ctx, exportMethod, body, response)
}

func (l *load) count(batch *batch, size int, response []byte, err error) {
	if err != nil {
		l.failed.Add(int64(batch.spans))
		l.lock.Lock()
		l.lastError = err
		l.lock.Unlock()
		return
	}
	l.sent.Add(int64(batch.spans))
	l.sentBytes.Add(int64(size))
	if len(response) > wholeResponseBytesMax {
		l.partial.Add(1)
	}
}

func (l *load) report(elapsed time.Duration, before, after usage) report {
	slices.Sort(l.acks)
	sent := float64(max(1, l.sent.Load()))
	r := report{
		Sent:                 l.sent.Load(),
		Failed:               l.failed.Load(),
		Partial:              l.partial.Load(),
		Seconds:              elapsed.Seconds(),
		SpansPerSecond:       sent / elapsed.Seconds(),
		BytesPerSpan:         float64(l.sentBytes.Load()) / sent,
		CPUSecondsPerMillion: (after.cpuSeconds - before.cpuSeconds) / sent * 1e6,
		AckP50:               quantile(l.acks, 0.50),
		AckP95:               quantile(l.acks, 0.95),
		AckP99:               quantile(l.acks, 0.99),
		ResidentPerSpan:      float64(after.residentBytes-before.residentBytes) / sent,
	}
	if l.lastError != nil {
		r.LastError = l.lastError.Error()
	}
	return r
}

func quantile(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}
