//! What Azure's meters say of models: `gpt 4o 1120 cached Inp glbl Tokens`, `5.5 ShortCo opt Dz 1M
//! Tokens`, `Grok 4.1 Inp DZone Tokens`. Every word is abbreviated in several ways.

use compact_str::CompactString;

use super::bill::{MILLION, SHORT_PROMPT, THOUSAND, Wording};
use super::models;
use crate::sku::service_tier;
use crate::tokens::Component;

/// A prompt that Azure bills as long context.
const LONG_PROMPT: u64 = 272_001;

/// Who bills OpenAI's models, and those of other makers.
pub(super) const OPENAI: &str = "azure.ai.openai";
pub(super) const FOUNDRY: &str = "azure.ai.inference";

/// What the words of a meter say, apart from the model.
#[derive(Debug, Default)]
struct Words<'m> {
    model: Vec<&'m str>,
    version: Option<&'m str>,
    input: bool,
    output: bool,
    cached: bool,
    written: bool,
    audio: bool,
    image: bool,
    tokens: bool,
    provisioned: bool,
    unit: Option<u64>,
    tier: &'static str,
    deployment: &'static str,
    prompt: Option<u64>,
}

impl<'m> Words<'m> {
    fn of(meter: &'m str) -> Self {
        let mut found = Self::default();
        for word in meter.split([' ', '-', '_', '(', ')', ',']).filter(|w| !w.is_empty()) {
            found.word(word);
        }
        found
    }

    fn word(&mut self, word: &'m str) {
        match word.to_ascii_lowercase().as_str() {
            "inp" | "inpt" | "input" => self.input = true,
            "out" | "opt" | "outp" | "outpt" | "output" => self.output = true,
            "cached" | "cchd" | "cd" | "cache" => self.cached = true,
            "wr" | "wrt" | "write" => self.written = true,
            "aud" | "audio" => self.audio = true,
            "img" | "image" => self.image = true,
            "token" | "tokens" => self.tokens = true,
            "1k" => self.unit = Some(THOUSAND),
            "1m" => self.unit = Some(MILLION),
            "gl" | "glbl" | "global" => self.deployment = "global_standard",
            "dz" | "dzn" | "dzone" | "datazone" => self.deployment = "data_zone",
            "regnl" | "rgnl" | "regional" => self.deployment = "regional",
            "batch" => self.tier = "batch",
            "pp" | "priority" => self.tier = "priority",
            "flex" => self.tier = "flex",
            "provisioned" => self.provisioned = true,
            "shortco" => self.prompt = Some(SHORT_PROMPT),
            "longco" => self.prompt = Some(LONG_PROMPT),
            "az" | "azure" => {}
            lower if lower.len() == 4 && lower.bytes().all(|b| b.is_ascii_digit()) => {
                self.version = Some(word);
            }
            _ => self.model.push(word),
        }
    }

    fn component(&self) -> Option<Component> {
        let is_embedding = self.model.iter().any(|word| word.eq_ignore_ascii_case("embedding"));
        match (self.input, self.output, self.cached) {
            (_, false, true) if self.written => Some(Component::InputCacheWrite30m),
            (_, false, true) if self.audio => Some(Component::InputCacheReadAudio),
            (_, false, true) if self.image => Some(Component::InputCacheReadImage),
            (_, false, true) => Some(Component::InputCacheRead),
            (true, false, false) if self.audio => Some(Component::InputUncachedAudio),
            (true, false, false) if self.image => Some(Component::InputUncachedImage),
            (true, false, false) => Some(Component::InputUncached),
            (false, true, false) if self.audio => Some(Component::OutputAudio),
            (false, true, false) if self.image => Some(Component::OutputImage),
            (false, true, false) => Some(Component::Output),
            (false, false, false) if is_embedding => Some(Component::InputUncached),
            _ => None,
        }
    }

    /// Who bills the model, and its id.
    fn id(&self) -> Option<(&'static str, &'static str)> {
        let mut name = self.model.join("-").to_ascii_lowercase();
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            // `5.5` is a GPT.
            name.insert_str(0, "gpt-");
        } else if name.starts_with("gpt") && !name.starts_with("gpt-") {
            name.insert(3, '-');
        }
        if let Some(id) = models::azure_openai(&name, self.version) {
            return Some((OPENAI, id));
        }
        if self.version.is_some() {
            return None;
        }
        models::foundry(&name).or_else(|| models::claude_id(&name)).map(|id| (FOUNDRY, id))
    }
}

/// Reads a meter that counts tokens, or provisioned throughput: who bills it and what it says.
/// `usual_unit` is the unit that the meter itself names.
pub(super) fn parse(meter: &str, sub_category: &str) -> Option<(&'static str, Wording)> {
    let words = Words::of(meter);
    let component = words.component().filter(|_| words.tokens || words.unit.is_some());
    if component.is_none() && !words.provisioned {
        return None;
    }
    let known = words.id().filter(|_| component.is_some());
    let is_openai = sub_category.is_empty() || sub_category.contains("OpenAI");
    let (provider, model) = known.unwrap_or((if is_openai { OPENAI } else { FOUNDRY }, meter));
    let mut wording = Wording::new(model);
    wording.component = component;
    wording.tier = if words.provisioned {
        CompactString::const_new("provisioned")
    } else {
        service_tier(words.tier)
    };
    wording.deployment = words.deployment;
    wording.prompt = words.prompt;
    wording.usual_unit = words.unit;
    Some((provider, wording))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Provider, model, component, tier, deployment, prompt, unit.
    fn read(meter: &str) -> String {
        let (provider, w) = parse(meter, "").unwrap();
        let component = w.component.map_or("", Component::name);
        let number = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let (prompt, unit) = (number(w.prompt), number(w.usual_unit));
        let (model, tier) = (w.model.as_str(), w.tier.as_str());
        [provider, model, component, tier, w.deployment, prompt.as_str(), unit.as_str()].join("|")
    }

    #[test]
    fn meters() {
        const METERS: &str = "\
gpt 4o 1120 Inp glbl Tokens = azure.ai.openai|gpt-4o-2024-11-20|input.uncached|standard|global_standard||
gpt 4o 1120 cached Inp glbl Tokens = azure.ai.openai|gpt-4o-2024-11-20|input.cache_read|standard|global_standard||
gpt-4o-0806-Outp-regnl Tokens = azure.ai.openai|gpt-4o-2024-08-06|output|standard|regional||
GPT 5 Inpt Glbl 1M Tokens = azure.ai.openai|gpt-5|input.uncached|standard|global_standard||1000000
5.5 ShortCo inp Gl 1M Tokens = azure.ai.openai|gpt-5.5|input.uncached|standard|global_standard|1|1000000
5.5 LongCo cd inp Dz 1M Tokens = azure.ai.openai|gpt-5.5|input.cache_read|standard|data_zone|272001|1000000
5.4 mini opt Dz PP 1M Tokens = azure.ai.openai|gpt-5.4-mini|output|priority|data_zone||1000000
5.6 sol cd wr inp Gl 1M Tokens = azure.ai.openai|gpt-5.6-sol|input.cache_write.30m|standard|global_standard||1000000
o4 mini Batch Outp glbl Tokens = azure.ai.openai|o4-mini|output|batch|global_standard||
Grok 4.1 Inp DZone Tokens = azure.ai.inference|grok-4.1|input.uncached|standard|data_zone||
text embedding 3 large glbl Tokens = azure.ai.openai|text-embedding-3-large|input.uncached|standard|global_standard||
gpt 9 turbo Inp glbl Tokens = azure.ai.openai|gpt 9 turbo Inp glbl Tokens|input.uncached|standard|global_standard||
Provisioned Managed Global Unit = azure.ai.openai|Provisioned Managed Global Unit||provisioned|global_standard||";
        for line in METERS.lines() {
            let (meter, expected) = line.split_once(" = ").unwrap();
            assert_eq!(read(meter), expected, "{meter}");
        }
        for meter in ["S1 Translated Characters", "Standard Text Records", ""] {
            assert_eq!(parse(meter, ""), None, "{meter}");
        }
    }
}
