//! Two questions to EC2, asked by hand: its SDK crate would take longer to build than all that is here.

use aws_sdk_ecs::config::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use jqs_cfn::{Error, ErrorKind, Result, region};
use jqs_stacks::Session;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

const API_VERSION: &str = "2016-11-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";
const DEFAULT_CALL_TIMEOUT_SECONDS: u64 = 30;
/// Rules of one answer; a group has a few dozens at most.
const RULES_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    pub(crate) range: String,
}

/// One rule of a security group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) group: String,
    pub(crate) is_egress: bool,
    pub(crate) protocol: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The IPv4 range that it admits, where it admits one.
    pub(crate) range: Option<String>,
    /// The group whose members it admits.
    pub(crate) peer: Option<String>,
    /// The list of ranges that it admits.
    pub(crate) list: Option<String>,
}

pub(crate) async fn subnets(session: &Session, ids: &[String]) -> Result<BTreeMap<String, Subnet>> {
    let filters = ids.iter().enumerate().map(|(index, id)| (format!("SubnetId.{}", index + 1), id.clone()));
    let items = ask(session, "DescribeSubnets", "subnetSet", filters.collect()).await?;
    let subnet = |item: BTreeMap<String, String>| {
        Some((
            item.get("subnetId")?.clone(),
            Subnet { vpc: item.get("vpcId")?.clone(), range: item.get("cidrBlock")?.clone() },
        ))
    };
    Ok(items.into_iter().filter_map(subnet).collect())
}

pub(crate) async fn rules(session: &Session, groups: &[String]) -> Result<Vec<Rule>> {
    let mut fields =
        vec![("Filter.1.Name".to_owned(), "group-id".to_owned()), ("MaxResults".to_owned(), RULES_MAX.to_string())];
    fields.extend(groups.iter().enumerate().map(|(index, id)| (format!("Filter.1.Value.{}", index + 1), id.clone())));
    let items = ask(session, "DescribeSecurityGroupRules", "securityGroupRuleSet", fields).await?;
    Ok(items.iter().map(rule).collect())
}

fn rule(item: &BTreeMap<String, String>) -> Rule {
    let text = |name: &str| item.get(name).cloned().unwrap_or_default();
    let port = |name: &str| item.get(name).and_then(|port| port.parse().ok()).unwrap_or(-1);
    Rule {
        group: text("groupId"),
        is_egress: text("isEgress") == "true",
        protocol: text("ipProtocol"),
        from: port("fromPort"),
        to: port("toPort"),
        range: item.get("cidrIpv4").cloned(),
        peer: item.get("referencedGroupInfo/groupId").cloned(),
        list: item.get("prefixListId").cloned(),
    }
}

/// The items of the list that an action answers with.
async fn ask(
    session: &Session,
    action: &str,
    list: &str,
    mut fields: Vec<(String, String)>,
) -> Result<Vec<BTreeMap<String, String>>> {
    let failed =
        |cause: String| Error::new(ErrorKind::Service, format!("EC2 does not answer `{action}`")).because(cause);
    let because = |error: &dyn std::fmt::Display| failed(error.to_string());
    fields.extend([("Action".to_owned(), action.to_owned()), ("Version".to_owned(), API_VERSION.to_owned())]);
    let host = || format!("https://ec2.{}.{}", session.region, region::url_suffix(&session.region));
    let url = session.config.endpoint_url().map_or_else(host, str::to_owned);
    let client = reqwest::Client::builder().timeout(Duration::from_secs(DEFAULT_CALL_TIMEOUT_SECONDS)).build();
    let client = client.map_err(|error| because(&error))?;
    let form = reqwest::Url::parse_with_params(&url, &fields).map_err(|error| because(&error))?;
    let form = form.query().unwrap_or_default().to_owned();
    let request = client.post(&url).header("content-type", CONTENT_TYPE).body(form);
    let mut request = request.build().map_err(|error| because(&error))?;
    sign_request(session, &mut request).await.map_err(|error| because(&error))?;
    let answer = client.execute(request).await.map_err(|error| because(&error.without_url()))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| because(&error.without_url()))?;
    if !status.is_success() {
        return Err(failed(refusal(&text).unwrap_or_else(|| format!("status {}", status.as_u16()))));
    }
    items(&text, list).map_err(|error| because(&error))
}

async fn sign_request(
    session: &Session,
    request: &mut reqwest::Request,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let provider = session.config.credentials_provider().ok_or("there are no credentials")?;
    let identity = provider.provide_credentials().await?.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&session.region)
        .name("ec2")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
    let headers = [("content-type", CONTENT_TYPE)].into_iter();
    let signable = SignableRequest::new("POST", request.url().as_str(), headers, SignableBody::Bytes(&body))?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    for (name, value) in instructions.headers() {
        let name = reqwest::header::HeaderName::try_from(name)?;
        request.headers_mut().insert(name, reqwest::header::HeaderValue::try_from(value)?);
    }
    Ok(())
}

/// The fields of each item that are text, and of what they hold one level below.
fn items(xml: &str, list: &str) -> Result<Vec<BTreeMap<String, String>>, aws_smithy_xml::decode::XmlDecodeError> {
    let mut document = Document::new(xml);
    let mut root = document.root_element()?;
    let mut found = Vec::new();
    while let Some(mut set) = root.next_tag() {
        if set.start_el().local() != list {
            continue;
        }
        while let Some(mut item) = set.next_tag() {
            let mut fields = BTreeMap::new();
            while let Some(mut field) = item.next_tag() {
                read_field(&mut field, &mut fields)?;
            }
            found.push(fields);
        }
    }
    Ok(found)
}

fn read_field(
    field: &mut ScopedDecoder<'_, '_>,
    fields: &mut BTreeMap<String, String>,
) -> Result<(), aws_smithy_xml::decode::XmlDecodeError> {
    let name = field.start_el().local().to_owned();
    if name != "referencedGroupInfo" {
        // A list, such as that of tags, is no text: it is passed over.
        if let Ok(text) = try_data(field) {
            fields.insert(name, text.into_owned());
        }
        return Ok(());
    }
    while let Some(mut below) = field.next_tag() {
        let name = format!("{name}/{}", below.start_el().local());
        let text = try_data(&mut below)?.into_owned();
        fields.insert(name, text);
    }
    Ok(())
}

/// The message of an error, with its code.
fn refusal(xml: &str) -> Option<String> {
    let between = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0)
    };
    Some(format!("{} ({})", between("Message")?.trim_end_matches('.'), between("Code")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "<?xml version=\"1.0\"?><DescribeSecurityGroupRulesResponse xmlns=\"http://ec2.amazonaws.com/doc/\">
        <requestId>1</requestId><securityGroupRuleSet>
        <item><groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>4317</fromPort>
          <toPort>4317</toPort><cidrIpv4>10.0.0.0/16</cidrIpv4><tagSet><item><key>a</key><value>b</value></item></tagSet></item>
        <item><tagSet/><groupId>sg-1</groupId><isEgress>true</isEgress><ipProtocol>-1</ipProtocol>
          <prefixListId>pl-1</prefixListId><referencedGroupInfo><groupId>sg-2</groupId><userId>1</userId></referencedGroupInfo></item>
        </securityGroupRuleSet></DescribeSecurityGroupRulesResponse>";

    #[test]
    fn rules_are_read_from_the_answer() {
        let read: Vec<Rule> = items(RULES, "securityGroupRuleSet").expect("XML").iter().map(rule).collect();
        let tcp = Rule {
            group: "sg-1".to_owned(),
            protocol: "tcp".to_owned(),
            from: 4317,
            to: 4317,
            range: Some("10.0.0.0/16".to_owned()),
            ..Rule::default()
        };
        let all = Rule {
            group: "sg-1".to_owned(),
            is_egress: true,
            protocol: "-1".to_owned(),
            from: -1,
            to: -1,
            peer: Some("sg-2".to_owned()),
            list: Some("pl-1".to_owned()),
            ..Rule::default()
        };
        assert_eq!(read, [tcp, all]);
        assert!(items("<a><b", "b").is_err() || items("<a><b", "b").expect("none").is_empty());
    }

    #[test]
    fn refusals_have_a_message_and_a_code() {
        let xml = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You may not.</Message></Error></Errors></Response>";
        assert_eq!(refusal(xml).as_deref(), Some("You may not (UnauthorizedOperation)"));
        assert_eq!(refusal("<html>"), None);
    }
}
