"""TLS on the ways in and on the query port, with certificates of clients, and certificates that are renewed."""

import datetime
import ipaddress
import ssl
import time

import grpc
import httpx
import otlp
import pytest
import shop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

RELOAD_SECONDS_MAX = 20


class Authority:
    """Signs certificates into files of a folder."""

    def __init__(self, folder, name="made-up authority"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))
        self.path = folder / f"{name.replace(' ', '-')}.pem"
        self.path.write_bytes(pem(self.cert))

    def _sign(self, subject, key, *extensions):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, usage):
        """Returns the files of a certificate and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        cert = self._sign(subject, key, names, x509.ExtendedKeyUsage([usage]))
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(pem(cert))
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
        return files


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def flags(authority):
    cert, key = authority.issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
    return ["--tls-cert", cert, "--tls-key", key]


def trusting(authority, *cert):
    context = ssl.create_default_context(cafile=authority.path)
    if cert:
        context.load_cert_chain(*cert)
    return httpx.Client(verify=context, timeout=10)


def query(server, client, path):
    return client.get(server.query_url.replace("http://", "https://") + path)


def test_clients_send_and_ask_over_tls(start, authority, flags, monkeypatch):
    # What these name would count more than the file that the exporter is given.
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    server = start(*flags)
    credentials = grpc.ssl_channel_credentials(authority.path.read_bytes())
    exporters = {
        "grpc": lambda: GrpcExporter(f"https://{server.otlp_grpc}", credentials=credentials),
        "http": lambda: HttpExporter(f"https://{server.otlp_http}/v1/traces", certificate_file=str(authority.path)),
    }
    for name, exporter in exporters.items():
        sent = shop.send(exporter, prefix=f"tls-{name}")
        with trusting(authority) as client:
            found = query(server, client, f"/api/traces/{sent.trace_id}").json()
        assert len(found["data"][0]["spans"]) == 5
    with trusting(authority) as client:
        answer = client.post(f"https://{server.address('Zipkin')}/api/v2/spans", json=[{"traceId": "1", "id": "2"}])
        assert answer.status_code == 202
    # Probes and scrapers stay as they are.
    assert server.metric("otelcol_receiver_accepted_spans") == 11


def test_nothing_is_said_without_tls(start, flags):
    server = start(*flags)
    with httpx.Client(timeout=10) as client, pytest.raises(httpx.TransportError):
        client.get(f"{server.query_url}/api/services")
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(server.query_url.replace("http://", "https://"))


def test_only_clients_with_a_certificate_may_send(start, authority, flags, tmp_path):
    other = Authority(tmp_path, "another authority")
    server = start(*flags, "--tls-client-ca", authority.path)
    url = f"https://{server.otlp_http}/v1/traces"
    known = authority.issue("client", ExtendedKeyUsageOID.CLIENT_AUTH)
    stranger = other.issue("stranger", ExtendedKeyUsageOID.CLIENT_AUTH)
    with trusting(authority, *known) as client:
        assert client.post(url, content=otlp.request(spans=1).SerializeToString(), headers=otlp.PROTOBUF).status_code == 200
    for cert in ((), stranger):
        with trusting(authority, *cert) as client, pytest.raises(httpx.TransportError):
            client.post(url, content=b"", headers=otlp.PROTOBUF)
    # Browsers have no certificate.
    with trusting(authority) as client:
        assert query(server, client, "/api/services").status_code == 200


def test_a_renewed_certificate_is_served_and_a_broken_one_is_not(start, authority, flags):
    server = start(*flags)
    host, port = server.query_url.removeprefix("http://").rsplit(":", 1)

    def serial():
        return x509.load_pem_x509_certificate(ssl.get_server_certificate((host, int(port))).encode()).serial_number

    first = serial()
    authority.issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
    wait_until(lambda: serial() != first)
    second = serial()
    flags[1].write_text("no certificate")
    wait_until(lambda: "the certificate stays as it was" in server.log())
    assert serial() == second


def wait_until(holds):
    deadline = time.monotonic() + RELOAD_SECONDS_MAX
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_files_that_are_of_no_use_are_named(collector, authority, flags, tmp_path):
    _, cert, _, key = flags
    other = authority.issue("other", ExtendedKeyUsageOID.SERVER_AUTH)[1]
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for arguments, told in [
        (["--tls-cert", cert], "--tls-key"),
        (["--tls-cert", tmp_path / "none.pem", "--tls-key", key], "none.pem"),
        (["--tls-cert", empty, "--tls-key", key], "holds no certificate in PEM"),
        (["--tls-cert", cert, "--tls-key", empty], "holds no private key in PEM"),
        (["--tls-cert", cert, "--tls-key", other], "cannot be used"),
        ([*flags, "--tls-client-ca", empty], "holds no certificate in PEM"),
    ]:
        code, said = collector("all-in-one", *map(str, arguments))
        assert code in (1, 2) and told in said, (arguments, said)
