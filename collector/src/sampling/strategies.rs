//! The file of strategies (`internal/sampling/samplingstrategy/file` of Jaeger), and what it comes to for a service.

use std::{
    collections::HashMap,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::DEFAULT_STRATEGIES_BYTES_MAX;

/// What Jaeger samples where nothing is said.
pub(super) const DEFAULT_RATE: f64 = 0.001;

#[derive(Debug, thiserror::Error)]
pub enum StrategiesError {
    #[error("cannot read the sampling strategies in `{path}`: {source}", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{path}` holds no sampling strategies: {source}", path = path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{path}`: the {whose} {what}", path = path.display())]
    Value { path: PathBuf, whose: String, what: String },
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    pub sampler: Sampler,
    /// For some of the service's operations; the others have the rate of the sampler.
    pub operations: Vec<(String, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    /// From 0 to 1.
    Probabilistic(f64),
    /// Traces a second.
    RateLimiting(i32),
}

#[derive(Debug)]
pub(super) struct Strategies {
    default: Strategy,
    services: HashMap<String, Strategy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonFile {
    #[serde(default)]
    default_strategy: Option<JsonStrategy>,
    #[serde(default)]
    service_strategies: Vec<JsonService>,
}

/// The fields of a strategy once more: flattened, serde_json would refuse their numbers in a program in which another crate has
/// switched on its `arbitrary_precision` (<https://github.com/serde-rs/json/issues/505>).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonService {
    service: String,
    #[serde(rename = "type")]
    kind: String,
    param: f64,
    #[serde(default)]
    operation_strategies: Vec<JsonOperation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonStrategy {
    #[serde(rename = "type")]
    kind: String,
    param: f64,
    #[serde(default)]
    operation_strategies: Vec<JsonOperation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonOperation {
    operation: String,
    #[serde(rename = "type")]
    kind: String,
    param: f64,
}

pub(super) fn read(path: &Path) -> Result<String, StrategiesError> {
    let fail = |source| StrategiesError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(fail)?;
    file.take(DEFAULT_STRATEGIES_BYTES_MAX).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

impl Strategies {
    pub(super) fn everywhere(rate: f64) -> Self {
        let default = Strategy { sampler: Sampler::Probabilistic(rate), operations: Vec::new() };
        Self { default, services: HashMap::new() }
    }

    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, StrategiesError> {
        let file: JsonFile =
            serde_json::from_str(text).map_err(|source| StrategiesError::Json { path: path.to_owned(), source })?;
        let default = match &file.default_strategy {
            Some(json) => json.read("default strategy", path)?,
            None => Self::everywhere(DEFAULT_RATE).default,
        };
        let mut services = HashMap::new();
        for JsonService { service, kind, param, operation_strategies } in file.service_strategies {
            let whose = format!("strategy of `{service}`");
            let mut strategy = JsonStrategy { kind, param, operation_strategies }.read(&whose, path)?;
            // What holds for an operation of every service holds here too, unless something else is said.
            for (operation, rate) in &default.operations {
                if !strategy.operations.iter().any(|(known, _)| known == operation) {
                    strategy.operations.push((operation.clone(), *rate));
                }
            }
            if services.insert(service, strategy).is_some() {
                let what = "is there twice".to_owned();
                return Err(StrategiesError::Value { path: path.to_owned(), whose, what });
            }
        }
        Ok(Self { default, services })
    }

    pub(super) fn of(&self, service: &str) -> Strategy {
        self.services.get(service).unwrap_or(&self.default).clone()
    }
}

impl JsonStrategy {
    fn read(&self, whose: &str, path: &Path) -> Result<Strategy, StrategiesError> {
        let fail = |whose: String, what: String| StrategiesError::Value { path: path.to_owned(), whose, what };
        let is_rate = |rate: f64| (0.0..=1.0).contains(&rate);
        let sampler = match self.kind.as_str() {
            "probabilistic" if is_rate(self.param) => Sampler::Probabilistic(self.param),
            "probabilistic" => {
                return Err(fail(whose.to_owned(), format!("has the `param` {}; a rate is from 0 to 1", self.param)));
            }
            "ratelimiting" if self.param >= 0.0 && self.param <= f64::from(i32::MAX) => {
                Sampler::RateLimiting(self.param as i32)
            }
            "ratelimiting" => {
                let what = format!("has the `param` {}; it must be traces a second, from 0", self.param);
                return Err(fail(whose.to_owned(), what));
            }
            other => {
                let what = format!("has the `type` `{other}`; it must be `probabilistic` or `ratelimiting`");
                return Err(fail(whose.to_owned(), what));
            }
        };
        let mut operations = Vec::new();
        for JsonOperation { operation, kind, param } in &self.operation_strategies {
            if kind != "probabilistic" || !is_rate(*param) {
                let whose = format!("{whose}, operation `{operation}`,");
                let what = "must be `probabilistic`, with a `param` from 0 to 1".to_owned();
                return Err(fail(whose, what));
            }
            operations.push((operation.clone(), *param));
        }
        Ok(Strategy { sampler, operations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Strategies, String> {
        Strategies::parse(text, Path::new("strategies.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn services_have_their_own_and_what_holds_for_operations_of_all() {
        let strategies = parse(
            r#"{
                "default_strategy": {"type": "probabilistic", "param": 0.5, "operation_strategies": [
                    {"operation": "/health", "type": "probabilistic", "param": 0.0},
                    {"operation": "/pay", "type": "probabilistic", "param": 0.1}]},
                "service_strategies": [
                    {"service": "bank", "type": "ratelimiting", "param": 5},
                    {"service": "cart", "type": "probabilistic", "param": 0.8, "operation_strategies": [
                        {"operation": "/pay", "type": "probabilistic", "param": 1.0}]}]
            }"#,
        )
        .expect("strategies");
        let of = |service: &str| {
            let Strategy { sampler, mut operations } = strategies.of(service);
            operations.sort_by(|one, other| one.0.cmp(&other.0));
            (sampler, operations)
        };
        let operations = |pay| vec![("/health".to_owned(), 0.0), ("/pay".to_owned(), pay)];
        assert_eq!(of("cart"), (Sampler::Probabilistic(0.8), operations(1.0)));
        assert_eq!(of("bank"), (Sampler::RateLimiting(5), operations(0.1)));
        assert_eq!(of("any other"), (Sampler::Probabilistic(0.5), operations(0.1)));
        assert_eq!(parse("{}").expect("strategies").of("any").sampler, Sampler::Probabilistic(DEFAULT_RATE));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let service = |text: &str| format!(r#"{{"service_strategies": [{{"service": "cart", {text}}}]}}"#);
        for (text, told) in [
            ("{".to_owned(), "EOF"),
            (r#"{"default_stratgy": {}}"#.to_owned(), "unknown field `default_stratgy`"),
            (service(r#""type": "probabilistic""#), "missing field `param`"),
            (service(r#""type": "probabilistic", "param": 1, "rate": 1"#), "unknown field `rate`"),
            (service(r#""type": "probabilistic", "param": 80"#), "the strategy of `cart` has the `param` 80"),
            (service(r#""type": "sometimes", "param": 1"#), "has the `type` `sometimes`"),
            (service(r#""type": "ratelimiting", "param": -1"#), "traces a second"),
            (
                service(
                    r#""type": "probabilistic", "param": 1, "operation_strategies": [{"operation": "/", "type": "ratelimiting", "param": 1}]"#,
                ),
                "operation `/`",
            ),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.contains(told) && error.contains("strategies.json"), "{text}: {error}");
        }
    }
}
