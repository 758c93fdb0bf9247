//! What leaves the host for those who watch it. The variables that begin with `OTEL_` are OpenTelemetry's own.

use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::SecretString;

use super::environment::Reader;

/// The name under which the host's traces are found.
const SERVICE: &str = "canvalo";

/// Traces and metrics.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Where traces go. None without an endpoint.
    pub traces: Option<TracesConfig>,
    /// `METRICS_TOKEN`: what Prometheus sends to read `/metrics`, of at least 32 bytes. `ADMIN_API_KEY` opens it as well.
    pub metrics_token: Option<SecretString>,
}

/// Traces over OTLP (HTTP and protobuf).
#[derive(Debug, Clone)]
pub struct TracesConfig {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces` behind it.
    pub endpoint: String,
    /// `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, or `OTEL_EXPORTER_OTLP_HEADERS`: what the receiver wants to see, as
    /// `name=value,…`.
    pub headers: Vec<(String, SecretString)>,
    /// `OTEL_SERVICE_NAME`. Default `canvalo`.
    pub service: String,
    /// `OTEL_RESOURCE_ATTRIBUTES`: more about this process, as `name=value,…`.
    pub resource: Vec<(String, String)>,
    /// Which traces are kept.
    pub sampler: Sampler,
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`: whether model calls carry their prompts and answers. Default
    /// false: they hold what users say and own.
    pub messages: bool,
}

/// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. Default `parentbased_always_on`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Whether the decision of whoever sent a `traceparent` counts.
    pub parent_based: bool,
    /// The part of the traces that is kept, 0.0 to 1.0.
    pub ratio: f64,
}

pub(super) fn read(reader: &mut Reader<'_>) -> TelemetryConfig {
    TelemetryConfig { traces: traces(reader), metrics_token: reader.secret("METRICS_TOKEN") }
}

fn traces(reader: &mut Reader<'_>) -> Option<TracesConfig> {
    let disabled = reader.parsed("OTEL_SDK_DISABLED", flag).unwrap_or(false);
    let exporter = reader.parsed("OTEL_TRACES_EXPORTER", |name| match name {
        "otlp" | "none" => Ok(name.to_owned()),
        _ => Err("otlp or none".to_owned()),
    });
    let endpoint = endpoint(reader)?;
    if disabled || exporter.as_deref() == Some("none") {
        return None;
    }
    let protocol = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    if let Some(name) = protocol.into_iter().find(|name| reader.is_set(name)) {
        reader.parsed(name, |protocol| match protocol {
            "http/protobuf" => Ok(()),
            _ => Err("http/protobuf, whose port is mostly 4318".to_owned()),
        });
    }
    let sampler = sampler(reader);
    Some(TracesConfig {
        endpoint,
        headers: headers(reader),
        service: reader.text("OTEL_SERVICE_NAME").unwrap_or_else(|| SERVICE.to_owned()),
        resource: reader.parsed("OTEL_RESOURCE_ATTRIBUTES", pairs).unwrap_or_default(),
        sampler,
        messages: reader.parsed("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", flag).unwrap_or(false),
    })
}

fn endpoint(reader: &mut Reader<'_>) -> Option<String> {
    let takes = || "an address like http://localhost:4318: http or https, and a host".to_owned();
    let address = |text: &str| {
        let url = Url::parse(text).map_err(|_| takes())?;
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
        if fits { Ok(text.trim_end_matches('/').to_owned()) } else { Err(takes()) }
    };
    let of_traces = reader.parsed("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address);
    let of_all = reader.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", address);
    of_traces.or_else(|| of_all.map(|address| format!("{address}/v1/traces")))
}

/// The value is not shown when it is wrong: it may be a key.
fn headers(reader: &mut Reader<'_>) -> Vec<(String, SecretString)> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
    let Some((name, text)) = names.into_iter().find_map(|name| Some((name, reader.text(name)?))) else {
        return Vec::new();
    };
    match pairs(&text) {
        Ok(pairs) => pairs.into_iter().map(|(name, value)| (name, value.into())).collect(),
        Err(takes) => {
            reader.problem(format!("{name} must be {takes}"));
            Vec::new()
        }
    }
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), value.into_owned()))
    };
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    parts.map(pair).collect::<Option<_>>().ok_or_else(|| "a list like name=value,name=value".to_owned())
}

fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

fn sampler(reader: &mut Reader<'_>) -> Sampler {
    let ratio = reader.parsed("OTEL_TRACES_SAMPLER_ARG", |text| {
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.ok_or_else(|| "a number from 0.0 to 1.0".to_owned())
    });
    let chosen = reader.parsed("OTEL_TRACES_SAMPLER", |name| {
        let (parent_based, kind) = match name.strip_prefix("parentbased_") {
            Some(kind) => (true, kind),
            None => (false, name),
        };
        let ratio = match kind {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => ratio.unwrap_or(1.0),
            _ => return Err("always_on, always_off or traceidratio, each also with parentbased_ before it".to_owned()),
        };
        Ok(Sampler { parent_based, ratio })
    });
    chosen.unwrap_or(Sampler { parent_based: true, ratio: 1.0 })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<Option<TracesConfig>, Vec<String>> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        let mut reader = Reader::new(&lookup);
        let config = read(&mut reader);
        if reader.problems.is_empty() { Ok(config.traces) } else { Err(reader.problems) }
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/");

    #[test]
    fn without_an_endpoint_or_with_the_sdk_disabled_there_are_no_traces() {
        assert!(config(&[("OTEL_SERVICE_NAME", "x")]).unwrap().is_none());
        assert!(config(&[ENDPOINT, ("OTEL_SDK_DISABLED", "true")]).unwrap().is_none());
        assert!(config(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]).unwrap().is_none());
    }

    #[test]
    fn the_standard_variables_mean_what_they_mean_elsewhere() {
        let traces = config(&[ENDPOINT]).unwrap().unwrap();
        assert_eq!(traces.endpoint, "http://localhost:4318/v1/traces");
        assert_eq!((traces.service.as_str(), traces.messages), ("canvalo", false));
        assert_eq!(traces.sampler, Sampler { parent_based: true, ratio: 1.0 });

        let traces = config(&[
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.com/x"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1"),
            ("OTEL_SERVICE_NAME", "painters"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=eu"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let traces = traces.unwrap().unwrap();
        assert_eq!(traces.endpoint, "https://traces.example.com/x");
        assert_eq!(traces.headers[0].0, "api-key");
        assert_eq!(traces.headers[0].1.expose_secret(), "a b");
        assert_eq!(traces.resource, [("deployment.environment.name".to_owned(), "eu".to_owned())]);
        assert_eq!(traces.sampler, Sampler { parent_based: false, ratio: 0.25 });
        assert!(!format!("{traces:?}").contains("a b"), "a key is never shown");
    }

    #[test]
    fn what_cannot_be_used_is_told_and_no_key_with_it() {
        for (wrong, takes) in [
            (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "http/protobuf"),
            (("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4318"), "an address like"),
            (("OTEL_TRACES_SAMPLER", "jaeger_remote"), "always_on"),
            (("OTEL_TRACES_SAMPLER_ARG", "2"), "0.0 to 1.0"),
            (("OTEL_EXPORTER_OTLP_HEADERS", "hush"), "name=value"),
        ] {
            let problems = config(&[ENDPOINT, wrong]).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(takes), "{problems:?}");
            assert!(!problems[0].contains("hush"));
        }
    }
}
