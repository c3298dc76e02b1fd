//! What came back: an element of XML with what is in it, and what a service says when it refuses.

use jqs_cfn::Error;
use serde_json::Value;

/// XML, as far as AWS's answers use it: elements with text or with elements, and no attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn read(text: &str) -> Result<Self, roxmltree::Error> {
        Ok(Self::of(roxmltree::Document::parse(text)?.root_element()))
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        Self {
            name: node.tag_name().name().to_owned(),
            text: node.text().unwrap_or_default().trim().to_owned(),
            children: node.children().filter(roxmltree::Node::is_element).map(Self::of).collect(),
        }
    }

    /// The first element at the end of a path, such as `Role/Arn`.
    pub fn find(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    /// Its text; empty where there is no such element.
    pub fn text(&self, path: &str) -> &str {
        self.find(path).map_or("", |element| element.text.as_str())
    }

    pub fn own_text(&self) -> &str {
        &self.text
    }

    /// The members of a list, whatever they are called.
    pub fn list(&self, path: &str) -> &[Self] {
        self.find(path).map_or(&[], |element| element.children.as_slice())
    }

    /// In the Query protocol, what was asked for is one level down: `GetRoleResponse/GetRoleResult`.
    pub(super) fn result(self, action: &str) -> Self {
        let name = format!("{action}Result");
        let mut element = self;
        match element.children.iter().position(|child| child.name == name) {
            Some(at) => element.children.swap_remove(at),
            None => element,
        }
    }

    fn descendant(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.descendant(name))
    }
}

/// A service that answered no, or did not answer.
#[derive(Debug)]
pub struct Refusal {
    /// The service's word for it; nothing where it did not answer.
    pub code: Option<String>,
    pub error: Error,
}

impl Refusal {
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

/// The code and the message of a refusal, in XML or JSON.
pub(super) fn refusal(body: &str, header: Option<&str>) -> Option<(String, String)> {
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        let text = |names: &[&str]| names.iter().find_map(|name| json.get(*name)?.as_str()).map(str::to_owned);
        let code = header.map(str::to_owned).or_else(|| text(&["__type", "code", "Code"]))?;
        // `com.amazonaws.servicequotas#NoSuchResourceException`, or with an address behind a colon.
        let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
        return Some((code, text(&["message", "Message"]).unwrap_or_default()));
    }
    let root = Element::read(body).ok()?;
    let error = root.descendant("Error")?;
    Some((error.text("Code").to_owned(), error.text("Message").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_results_are_found_in_either_dialect() {
        let ec2 = "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><vpcSet>\
            <item><vpcId>vpc-1</vpcId></item><item><vpcId>vpc-2</vpcId></item></vpcSet></DescribeVpcsResponse>";
        let answer = Element::read(ec2).expect("XML").result("DescribeVpcs");
        let ids: Vec<&str> = answer.list("vpcSet").iter().map(|vpc| vpc.text("vpcId")).collect();
        assert_eq!(ids, ["vpc-1", "vpc-2"]);
        let iam = "<GetRoleResponse><GetRoleResult><Role><Arn>arn</Arn></Role></GetRoleResult></GetRoleResponse>";
        assert_eq!(Element::read(iam).expect("XML").result("GetRole").text("Role/Arn"), "arn");
    }

    #[test]
    fn every_dialect_of_a_refusal_is_understood() {
        for (body, header, code, message) in [
            ("<Response><Errors><Error><Code>A</Code><Message>m</Message></Error></Errors></Response>", None, "A", "m"),
            ("<ErrorResponse><Error><Code>A</Code><Message>m</Message></Error></ErrorResponse>", None, "A", "m"),
            (r#"{"__type": "com.amazonaws#A", "message": "m"}"#, None, "A", "m"),
            (r#"{"Message": "m"}"#, Some("A:http://internal.amazon.com/"), "A", "m"),
        ] {
            assert_eq!(refusal(body, header), Some((code.to_owned(), message.to_owned())), "{body}");
        }
        assert_eq!(refusal("<html><body>Bad Gateway</body></html>", None), None);
    }
}
