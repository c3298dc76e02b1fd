// Sends one trace with a client for Node and writes to stdout what was sent, as JSON.
//   send.js CLIENT ADDRESS [SAMPLING_ADDRESS]     CLIENT is a key of `clients`; addresses are HOST:PORT
'use strict';

const [client, address, samplingAddress] = process.argv.slice(2);
const [host, port] = [address.split(':')[0], Number(address.split(':')[1])];
const service = `node-${client}`;
const SAMPLED_WITHIN_MS = 10000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function openTelemetry(exporter, sampler) {
  const { NodeTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = require('@opentelemetry/sdk-trace-node');
  const { resourceFromAttributes } = require('@opentelemetry/resources');
  const { SpanKind, SpanStatusCode, trace, context } = require('@opentelemetry/api');
  const memory = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler,
    spanProcessors: [new SimpleSpanProcessor(exporter), new SimpleSpanProcessor(memory)],
  });
  const tracer = provider.getTracer('made-up.instrumentation', '1.2.3');
  const deadline = Date.now() + SAMPLED_WITHIN_MS;
  let root;
  do {
    root = tracer.startSpan('serve', { kind: SpanKind.SERVER, attributes: { text: 'Zürich', int: 42, yes: true } });
    if (root.isRecording()) break;
    await sleep(50);
  } while (Date.now() < deadline);
  const call = tracer.startSpan('call', { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), root));
  call.addEvent('retry', { attempt: 2 });
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'timed out' });
  call.end();
  root.end();
  const spans = memory.getFinishedSpans().map((span) => ({ name: span.name, span_id: span.spanContext().spanId }));
  const sent = { service, trace_id: root.spanContext().traceId, spans };
  await provider.forceFlush();
  await provider.shutdown();
  return sent;
}

async function jaegerClient() {
  const { initTracer } = require('jaeger-client');
  const tracer = initTracer(
    {
      serviceName: service,
      sampler: { type: 'remote', param: 0, hostPort: samplingAddress, refreshIntervalMs: 100 },
      reporter: { agentHost: host, agentPort: port, flushIntervalMs: 50 },
      traceId128bit: true,
    },
    {},
  );
  const deadline = Date.now() + SAMPLED_WITHIN_MS;
  let root;
  do {
    root = tracer.startSpan('serve');
    // Until the first strategy has come, one in a thousand is sampled.
    if (root.context().isSampled() && Date.now() > deadline - SAMPLED_WITHIN_MS + 1000) break;
    await sleep(50);
  } while (Date.now() < deadline);
  root.setTag('span.kind', 'server').setTag('answer', 42);
  const child = tracer.startSpan('call', { childOf: root });
  child.setTag('error', true).log({ event: 'retry', attempt: 2 });
  child.finish();
  root.finish();
  const spans = [root, child].map((span) => ({ name: span._operationName, span_id: span.context().spanIdStr }));
  const sent = { service, trace_id: root.context().traceIdStr, spans };
  await new Promise((resolve) => tracer.close(resolve));
  return sent;
}

const clients = {
  'jaeger-udp': () => {
    const { JaegerExporter } = require('@opentelemetry/exporter-jaeger');
    return openTelemetry(new JaegerExporter({ host, port }));
  },
  'jaeger-thrift-http': () => {
    const { JaegerExporter } = require('@opentelemetry/exporter-jaeger');
    return openTelemetry(new JaegerExporter({ endpoint: `http://${address}/api/traces` }));
  },
  zipkin: () => {
    const { ZipkinExporter } = require('@opentelemetry/exporter-zipkin');
    return openTelemetry(new ZipkinExporter({ url: `http://${address}/api/v2/spans` }));
  },
  'remote-sampler': () => {
    const { ZipkinExporter } = require('@opentelemetry/exporter-zipkin');
    const { JaegerRemoteSampler } = require('@opentelemetry/sampler-jaeger-remote');
    const { AlwaysOffSampler } = require('@opentelemetry/sdk-trace-node');
    const sampler = new JaegerRemoteSampler({
      endpoint: `http://${samplingAddress}`,
      serviceName: service,
      initialSampler: new AlwaysOffSampler(),
      poolingInterval: 100,
    });
    return openTelemetry(new ZipkinExporter({ url: `http://${address}/api/v2/spans` }), sampler);
  },
  'jaeger-client': jaegerClient,
};

clients[client]().then(
  (sent) => {
    console.log(JSON.stringify(sent));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
