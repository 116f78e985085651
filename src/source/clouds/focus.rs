//! FOCUS cost and usage tables, versions 1.0 to 1.3, with the columns of tokens of 1.5.
//!
//! What a line counts stands in `SkuPriceDetails` where the version has it; else in the vendor's own
//! wording, which is read as on the vendor's own bill.

use std::borrow::Cow;

use super::bill::{
    Line, MILLION, Quantity, Unnumbered, Wording, currency, period, set_label, set_tags, token_unit,
};
use super::{aws_wording, azure_wording, gcp_wording, models};
use crate::diagnostic::code;
use crate::money::Amount;
use crate::sku::service_tier;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Skipped};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::source::{ReadOptions, provider};
use crate::tokens::Component;
use crate::usage::{Labels, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "focus",
    title: "FOCUS 1.0 to 1.3 and the token columns of 1.5, lines of models",
    group: Group::Cloud,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Rows {
        columns: &[&["billedcost", "chargeperiodstart", "billingcurrency"]],
        start: || Unnumbered::boxed("focus", read),
    }],
};

fn read(row: &Row<'_>, options: &ReadOptions) -> Result<Line, Skipped> {
    let Some(meant) = Meant::of(row) else {
        let message = "lines of FOCUS tables for other services than models";
        return Err(Skipped::new(code::NOT_USAGE, message));
    };
    let start = row.instant("chargeperiodstart")?;
    let end = match row.text("chargeperiodend") {
        text if text.is_empty() => None,
        _ => Some(row.instant("chargeperiodend")?),
    };
    let region = row.first_text(&["regionid", "regionname"]);
    let sku = meant.wording.sku(&meant.provider, &region);
    let mut line = Line::new(period(start, end), sku, currency(&row.text("billingcurrency"))?);
    line.billed = row.amount("billedcost")?;
    line.list = row.amount("listcost")?;
    let category = row.text("chargecategory");
    if category.is_empty() || category.eq_ignore_ascii_case("usage") {
        count(&mut line, row, &meant)?;
    }
    line.labels = labels(row, &category, options);
    Ok(line)
}

/// Counts what was consumed; where only what was priced is given, that.
fn count(line: &mut Line, row: &Row<'_>, meant: &Meant) -> Result<(), Skipped> {
    line.prompt = meant.wording.prompt;
    if meant.wording.component == Some(Component::CacheStorage) {
        let stated = token_hours(row)?;
        line.notes.set_if(Note::UnitUnknown, stated.is_none());
        line.components.add(Component::CacheStorage, stated.unwrap_or(0));
        return Ok(());
    }
    let unit = token_unit(&row.text("consumedunit")).or(meant.consumed_unit);
    let consumed = (row.amount("consumedquantity")?, unit);
    let priced = (row.amount("pricingquantity")?, token_unit(&row.text("pricingunit")));
    let (amount, stated_unit) = match (consumed, priced) {
        ((Some(amount), Some(unit)), _) | (_, (Some(amount), Some(unit))) => (amount, Some(unit)),
        ((Some(amount), None), _) | (_, (Some(amount), None)) => (amount, None),
        _ => return Ok(()),
    };
    let cost = line.list.filter(|cost| *cost > Amount::ZERO).or(line.billed);
    line.count(&meant.wording, Quantity { amount, stated_unit, cost });
    if line.components.is_empty() {
        return Ok(());
    }
    line.notes.set_if(Note::TtlAssumed, meant.ttl_assumed);
    Ok(())
}

/// Tokens times hours that a cache kept.
fn token_hours(row: &Row<'_>) -> Result<Option<u64>, Skipped> {
    for (quantity, unit) in
        [("consumedquantity", "consumedunit"), ("pricingquantity", "pricingunit")]
    {
        let text = row.text(unit).to_ascii_lowercase();
        let Some(tokens) = text.strip_suffix("hours").or_else(|| text.strip_suffix("hour")) else {
            continue;
        };
        let unit = token_unit(tokens);
        if let (Some(amount), Some(unit)) = (row.amount(quantity)?, unit) {
            let quantity = Quantity { amount, stated_unit: Some(unit), cost: None };
            return Ok(quantity.tokens(Component::CacheStorage, None));
        }
    }
    Ok(None)
}

/// Who bills a line and what it says.
struct Meant {
    provider: Cow<'static, str>,
    wording: Wording,
    /// True where a cache write does not say how long it is kept.
    ttl_assumed: bool,
    /// Tokens of a unit, where the vendor prints another unit for them.
    consumed_unit: Option<u64>,
}

impl Meant {
    fn of(row: &Row<'_>) -> Option<Self> {
        let details = row.text("skupricedetails");
        let details = Object::parse(details.as_bytes()).unwrap_or_default();
        let vendor = Vendor::of(row);
        if details.has("TokenDirection") || details.has("ModelId") {
            return Some(vendor.by_details(row, &details));
        }
        if let Some((provider, wording)) = vendor.by_wording(row) {
            let provider = Cow::Borrowed(provider);
            // Google counts tokens and calls them requests.
            let consumed_unit = matches!(vendor, Vendor::Google).then_some(1);
            return Some(Self { provider, wording, ttl_assumed: false, consumed_unit });
        }
        // Other lines of a service of models, such as taxes, cost and count nothing.
        let provider = vendor.provider_of_service(row)?;
        let name = wordings(row).into_iter().find(|text| !text.is_empty());
        let name = name.unwrap_or_else(|| row.text("servicename"));
        let wording = Wording::new(&*name);
        Some(Self { provider, wording, ttl_assumed: false, consumed_unit: None })
    }
}

/// Texts in which vendors say what a line is, the most telling first.
fn wordings<'r>(row: &Row<'r>) -> [Cow<'r, str>; 6] {
    let columns = [
        "xusagetype",
        "xskumetername",
        "skumeter",
        "xskudescription",
        "chargedescription",
        "skuid",
    ];
    columns.map(|column| row.text(column))
}

/// Who sells, as far as it decides how a line is worded.
enum Vendor {
    Aws,
    Azure,
    Google,
    /// One that bills its own models, by the name that it has in prices.
    Other(String),
}

impl Vendor {
    fn of(row: &Row<'_>) -> Self {
        // 1.3 has new names for the columns of who sells.
        let name = row.first_text(&["serviceprovidername", "providername", "publishername"]);
        let lower = name.to_ascii_lowercase();
        if lower.contains("aws") || lower.contains("amazon") {
            Self::Aws
        } else if lower.contains("microsoft") || lower.contains("azure") {
            Self::Azure
        } else if lower.contains("google") || lower == "gcp" {
            Self::Google
        } else {
            Self::Other(provider::canonical(&lower).to_string())
        }
    }

    /// Who bills a service of models; `None` for other services.
    fn provider_of_service(&self, row: &Row<'_>) -> Option<Cow<'static, str>> {
        let service = row.text("servicename");
        let lower = service.to_ascii_lowercase();
        match self {
            Self::Aws => lower.contains("bedrock").then_some(Cow::Borrowed("aws.bedrock")),
            Self::Azure => {
                let is_openai = lower.contains("openai")
                    || row.first_text(&["xskumetersubcategory"]).contains("OpenAI");
                let is_models = is_openai || lower.contains("foundry models");
                is_models.then_some(Cow::Borrowed(if is_openai {
                    azure_wording::OPENAI
                } else {
                    azure_wording::FOUNDRY
                }))
            }
            Self::Google => gcp_wording::provider(&service).map(Cow::Borrowed),
            Self::Other(name) => {
                let sells_models = matches!(
                    name.as_str(),
                    "openai" | "anthropic" | "mistral_ai" | "cohere" | "deepseek" | "groq" | "x_ai"
                ) || row.text("servicesubcategory") == "Generative AI";
                (sells_models && !name.is_empty()).then(|| Cow::Owned(name.clone()))
            }
        }
    }

    /// Reads a line in the vendor's own words.
    fn by_wording(&self, row: &Row<'_>) -> Option<(&'static str, Wording)> {
        let service = row.text("servicename");
        let texts = wordings(row);
        let mut texts = texts.iter().filter(|text| !text.is_empty());
        match self {
            Self::Aws => {
                self.provider_of_service(row)?;
                let product = if aws_wording::is_edition(&service) { &*service } else { "" };
                texts.find_map(|text| Some(("aws.bedrock", aws_wording::parse(text, product)?)))
            }
            Self::Azure => {
                let sub_category = row.first_text(&["xskumetersubcategory", "servicename"]);
                let sub_category =
                    if self.provider_of_service(row).is_some() { &*sub_category } else { "" };
                texts.find_map(|text| azure_wording::parse(text, sub_category))
            }
            Self::Google => texts.find_map(|text| {
                let found = gcp_wording::parse(text, &service)?;
                found.1.component.is_some().then_some(found)
            }),
            Self::Other(_) => None,
        }
    }

    /// Reads the keys that version 1.5 gives lines of models.
    fn by_details(&self, row: &Row<'_>, details: &Object<'_>) -> Meant {
        let text = |key: &str| details.text(key).unwrap_or_default();
        let meter = row.first_text(&["skumeter", "chargedescription"]);
        let lower = meter.to_ascii_lowercase();
        let (direction, action) =
            (text("TokenDirection").to_ascii_lowercase(), text("TokenCacheAction"));
        let (mut is_write, mut says_ttl) = (false, true);
        let component = match (direction.as_str(), action.to_ascii_lowercase().as_str()) {
            _ if lower.contains("storage") => Some(Component::CacheStorage),
            ("output", _) => Some(Component::Output),
            ("input", "read") => Some(Component::InputCacheRead),
            ("input", "write") => {
                is_write = true;
                let (component, stated) = self.written(&lower);
                says_ttl = stated;
                Some(component)
            }
            ("input", "uncached" | "") => Some(Component::InputUncached),
            _ => None,
        };
        let model = details.first_text(&["ModelId", "ModelVersion", "ModelFamily"]);
        let mut wording = Wording::new(&*model.unwrap_or(Cow::Borrowed(&*meter)));
        wording.component = component;
        wording.usual_unit = Some(MILLION);
        for tier in ["batch", "flex", "priority"] {
            if lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == tier) {
                wording.tier = service_tier(tier);
            }
        }
        self.place(&mut wording, row);
        let provider = self.provider_of_service(row).unwrap_or_else(|| match self {
            Self::Aws => Cow::Borrowed("aws.bedrock"),
            Self::Azure => Cow::Borrowed(azure_wording::OPENAI),
            Self::Google => Cow::Borrowed(gcp_wording::VERTEX),
            Self::Other(name) => Cow::Owned(name.clone()),
        });
        Meant { provider, wording, ttl_assumed: is_write && !says_ttl, consumed_unit: None }
    }

    /// What a cache write is, and whether that is said.
    fn written(&self, meter: &str) -> (Component, bool) {
        let is_openai =
            matches!(self, Self::Azure) || matches!(self, Self::Other(n) if n == "openai");
        if ["1h", "1 hour", "1-hour", "one hour"].iter().any(|hour| meter.contains(hour)) {
            (Component::InputCacheWrite1h, true)
        } else if ["5m", "5 minute", "5-minute", "five minute"].iter().any(|t| meter.contains(t)) {
            (Component::InputCacheWrite5m, true)
        } else if is_openai {
            (Component::InputCacheWrite30m, true)
        } else {
            (Component::InputCacheWrite5m, false)
        }
    }

    /// Model ids of Bedrock carry where they are served; display names become ids.
    fn place(&self, wording: &mut Wording, row: &Row<'_>) {
        match self {
            Self::Aws => {
                let name = wording.model.to_string();
                let found = provider::bedrock_model(&name);
                let known = models::bedrock(found.model);
                wording.model = known.unwrap_or(found.model).into();
                wording.endpoint = found.endpoint.into();
            }
            Self::Google => {
                let is_global = row.text("regionid") == "global";
                wording.endpoint = if is_global { "global" } else { "regional" }.into();
                if let Some(id) = models::claude_id(&wording.model) {
                    wording.model = id.into();
                }
            }
            Self::Azure | Self::Other(_) => {}
        }
    }
}

fn labels(row: &Row<'_>, category: &str, options: &ReadOptions) -> Labels {
    let mut labels = Labels::default();
    let policy = &options.labels;
    if policy.keeps_nothing() {
        return labels;
    }
    set_label(&mut labels, "account", &row.text("subaccountid"), policy);
    set_label(&mut labels, "charge_type", category, policy);
    set_label(&mut labels, "resource", &row.text("resourceid"), policy);
    set_tags(&mut labels, &row.text("tags"), &["user:"], policy);
    labels
}
