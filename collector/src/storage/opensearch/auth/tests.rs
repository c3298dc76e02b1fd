use super::*;

#[test]
fn a_request_is_signed_as_aws_signs_it() {
    let credentials =
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Some("token".into()), None, "test");
    let url = "https://search-traces.eu-west-1.es.amazonaws.com/_bulk?filter_path=errors%2Citems.%2A.status";
    let mut request = reqwest::Request::new(http::Method::POST, url.parse().expect("a URL"));
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    // 2015-08-30T12:36:00Z, the moment of AWS's own examples.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
    let headers = signature(&credentials, "eu-west-1", "es", time, &request, b"{\"a\":1}\n").expect("a signature");
    let value =
        |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.to_str().expect("text"));
    assert_eq!(value("x-amz-date"), Some("20150830T123600Z"));
    assert_eq!(value("x-amz-security-token"), Some("token"));
    let digest = "e346432021b04179518d9614f3560ccd71354a4ee101ddcb893d6959a9d6301c";
    assert_eq!(value("x-amz-content-sha256"), Some(digest));
    // The same request signed by botocore.
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/es/aws4_request, \
        SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, \
        Signature=c32c5fd9cbd4c95865fd81e9968d3684986e48a313b274bef4086851c75cc9b6";
    assert_eq!(value("authorization"), Some(expected));
}

#[test]
fn the_host_of_a_domain_names_its_region() {
    for (host, region) in [
        ("search-traces-abc.eu-west-1.es.amazonaws.com", Some("eu-west-1")),
        ("vpc-traces-abc.cn-north-1.es.amazonaws.com.cn", Some("cn-north-1")),
        ("search-traces-abc.aos.us-east-2.on.aws", Some("us-east-2")),
        ("abc.us-west-2.aoss.amazonaws.com", Some("us-west-2")),
        ("search.example.com", None),
        ("127.0.0.1", None),
    ] {
        assert_eq!(region_of_host(host).as_deref(), region, "{host}");
    }
}

#[tokio::test]
async fn credentials_are_fetched_again_before_they_end() {
    #[derive(Debug, Default)]
    struct Counting(std::sync::atomic::AtomicU64);

    impl aws_credential_types::provider::ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let turn = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            // The first ones end too soon to be kept.
            let end = SystemTime::now() + Duration::from_secs(60 + 3_600 * turn);
            let credentials = Credentials::new(format!("key{turn}"), "secret", None, Some(end), "test");
            aws_credential_types::provider::future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    let signer = SigV4 {
        region: "eu-west-1".into(),
        service: DEFAULT_SIGNING_SERVICE.into(),
        provider: SharedCredentialsProvider::new(Counting::default()),
        current: Mutex::new(None),
    };
    for expected in ["key0", "key1", "key1"] {
        assert_eq!(signer.credentials().await.expect("credentials").access_key_id(), expected);
    }
}
