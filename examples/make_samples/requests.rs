//! Requests of an assistant with what was billed for them, as a gateway logs both.
//!
//! What is billed comes from a rule of its own, which has nothing to do with the ratios of the program: letters go by
//! fours, digits by twos, anything else by one, with up to 4 % more or less.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::random::Random;

const SYSTEM: &str = "You are the assistant of an outdoor shop. Answer politely and briefly, in the language of the customer. Look orders up before you promise anything, and never state a delivery date that the order does not hold. If a customer is angry, apologise once and say what happens next.";

const PRODUCTS: [&str; 12] = [
    "two-person tent",
    "down sleeping bag",
    "gas stove",
    "trekking poles",
    "waterproof jacket",
    "head torch",
    "climbing harness",
    "inflatable mattress",
    "carbon water filter",
    "merino socks",
    "sixty-litre rucksack",
    "avalanche transceiver",
];

const OPENINGS: [&str; 8] = [
    "Good morning, I ordered the {} from you and have a question about it.",
    "Hello! The {} that arrived yesterday is not the one in the picture.",
    "I would like to return my {}, which I have used only once.",
    "Could you tell me whether the {} is back in stock before the weekend?",
    "My {} broke on the second day of a long walk in the mountains.",
    "Guten Tag, die Lieferung mit dem Artikel „{}“ ist leider beschädigt angekommen.",
    "Ich möchte die Größe meiner Bestellung ändern, es geht um: {}.",
    "Somebody at your shop promised me a discount on the {}, but the invoice does not show it.",
];

const DETAILS: [&str; 14] = [
    "The zip on the left side opens by itself as soon as I pack anything heavier than a pullover.",
    "According to the tracking page the parcel has been in the same depot since Tuesday.",
    "I paid by bank transfer and received the confirmation within an hour.",
    "The instructions mention a spare part which I could not find in the box, however often I looked.",
    "We leave for Norway in nine days, so that a replacement would have to be here by then.",
    "My colleague bought the same model last spring and it has held up remarkably well.",
    "Please do not send me to the telephone line again; I waited for forty minutes and nobody answered.",
    "Is there an adapter for self-sealing cartridges, or do I need the older version?",
    "Die Nähte an der Unterseite lösen sich schon nach wenigen Tagen, das dürfte bei diesem Preis nicht passieren.",
    "Falls ein Umtausch möglich ist, hätte ich gerne die nächstgrößere Ausführung in Dunkelgrün.",
    "I attached the measurements: length 186 cm, chest 102 cm, shoulder to wrist 64 cm.",
    "Apart from that I am quite happy, and I would buy from you again.",
    "The price was 149.95 on the page and 164.00 at the till, which I noticed only at home.",
    "Would you also explain how the guarantee works when the maker has gone out of business?",
];

const ANSWERS: [&str; 6] = [
    "Thank you for writing. I have looked the order up and see the parcel; may I ask which entrance the driver should use?",
    "I am sorry about that. A replacement can leave our warehouse tomorrow if you confirm the address.",
    "Returns are possible within thirty days. The label is in your account, under orders.",
    "Vielen Dank für Ihre Nachricht. Könnten Sie mir bitte die Bestellnummer nennen?",
    "The spare part is not sold separately, but I can ask the maker to send one.",
    "That discount ended on the day before your order; I will ask whether we can still grant it.",
];

/// The log: one request a line.
pub(crate) fn requests(random: &mut Random) -> String {
    let mut text = String::new();
    let mut time = midnight() + TimeDelta::hours(8);
    for number in 0..64 {
        time += TimeDelta::minutes(i64::try_from(random.between(9, 240)).unwrap_or(9));
        let model = if number % 5 < 3 { "claude-opus-5" } else { "claude-haiku-5-5" };
        text.push_str(&format!("{}\n", line(random, model, time)));
    }
    text
}

fn midnight() -> DateTime<Utc> {
    let first = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap_or_default() + Days::new(1);
    first.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn pick<'t>(random: &mut Random, texts: &[&'t str]) -> &'t str {
    let last = u64::try_from(texts.len()).unwrap_or(1) - 1;
    texts[usize::try_from(random.between(0, last)).unwrap_or(0)]
}

fn line(random: &mut Random, model: &str, time: DateTime<Utc>) -> Value {
    let turns = random.between(0, 2);
    let mut messages = Vec::new();
    let mut billed = 11 + tokens(SYSTEM) + 4;
    let mut say = |role: &str, text: String| {
        billed += tokens(&text) + 4;
        messages.push(json!({"role": role, "content": text}));
    };
    say("user", question(random));
    for _ in 0..turns {
        say("assistant", pick(random, &ANSWERS).to_owned());
        say("user", more(random));
    }
    let mut request = json!({"model": model, "max_tokens": 1000, "system": SYSTEM});
    if random.chance(30) {
        let tool = json!({"name": "find_order", "description": "Finds an order by its number and says where it is.", "input_schema": {"type": "object", "properties": {"number": {"type": "string", "description": "As on the invoice, such as A-2026-118842."}}, "required": ["number"]}});
        billed += 340 + tokens(&tool.to_string());
        request["tools"] = json!([tool]);
    }
    request["messages"] = json!(messages);
    let billed = random.share(billed, 96, 104);
    // The system prompt stands in the cache after the first request of an hour.
    let cached = if random.chance(70) { tokens(SYSTEM) } else { 0 };
    let output = random.around(120);
    json!({
        "timestamp": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "request": request,
        "response": {
            "id": random.id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": random.text()}],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": billed - cached,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": cached,
                "output_tokens": output,
            },
        },
    })
}

fn question(random: &mut Random) -> String {
    let product = pick(random, &PRODUCTS);
    format!("{} {}", pick(random, &OPENINGS).replace("{}", product), more(random))
}

/// Some sentences, and what the shop's page puts below them now and then.
fn more(random: &mut Random) -> String {
    let mut said: Vec<&str> = Vec::new();
    for _ in 0..random.between(1, 9) {
        said.push(pick(random, &DETAILS));
    }
    let mut text = said.join(" ");
    if random.chance(35) {
        let order = json!({
            "order": format!("A-2026-{}", random.between(100_000, 999_999)),
            "lines": [{"article": random.between(1_000_000, 9_999_999), "name": pick(random, &PRODUCTS), "price": format!("{}.{:02}", random.between(9, 480), random.between(0, 99))}],
            "shipped": random.chance(60),
        });
        text.push_str(&format!("\n\n{order}"));
    }
    text
}

/// What the made-up provider counts.
fn tokens(text: &str) -> u64 {
    let (mut count, mut run, mut kind) = (0, 0, ' ');
    for character in text.chars() {
        let now = match character {
            c if c.is_alphabetic() => 'a',
            c if c.is_ascii_digit() => '0',
            ' ' => ' ',
            _ => '.',
        };
        run = if now == kind { run + 1 } else { 0 };
        kind = now;
        let begins = match kind {
            'a' => run % 4 == 0,
            '0' => run % 2 == 0,
            ' ' => false,
            _ => true,
        };
        count += u64::from(begins);
    }
    count
}
