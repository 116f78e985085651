//! Usage for the contracts under `samples/contracts/`, in buckets of our own format.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};

use crate::random::Random;

/// A bucket of one model.
struct Bucket<'a> {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    provider: &'a str,
    model: &'a str,
    /// Further fields, as JSON with a comma at the end.
    more: &'a str,
    requests: u64,
    input: u64,
    cached: u64,
    output: u64,
}

impl Bucket<'_> {
    fn line(&self) -> String {
        let time = |t: &DateTime<Utc>| t.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let cached = match self.cached {
            0 => String::new(),
            tokens => format!("\"input.cache_read\":{tokens},"),
        };
        format!(
            "{{\"schema\":\"tokencast.usage.v1\",\"start\":\"{}\",\"end\":\"{}\",\"provider\":\"{}\",\"model\":\"{}\",{}\"requests\":{},\"components\":{{\"input.uncached\":{},{cached}\"output\":{}}}}}\n",
            time(&self.start),
            time(&self.end),
            self.provider,
            self.model,
            self.more,
            self.requests,
            self.input,
            self.output
        )
    }
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn day(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default()
}

/// A contract year of an enterprise on Amazon Bedrock, by month: Claude, which takes over from Nova.
pub(crate) fn enterprise(random: &mut Random) -> String {
    let models: [(&str, u64, u64); 3] = [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", 18_000_000_000, 300_000_000),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", 30_000_000_000, 2_200_000_000),
        ("amazon.nova-pro-v1:0", 60_000_000_000, 3_000_000_000),
    ];
    let mut text = String::new();
    for month in 0..12 {
        let first = day(2025, 11) + Months::new(month);
        for (number, (model, input, output)) in models.iter().enumerate() {
            // Claude grows by 6 % of its start a month, Nova shrinks by 4 %.
            let percent =
                if number < 2 { 100 + 6 * u64::from(month) } else { 100 - 4 * u64::from(month) };
            let tokens =
                |base: u64, random: &mut Random| random.share(base, percent - 5, percent + 5);
            let input = tokens(*input, random);
            let bucket = Bucket {
                start: midnight(first),
                end: midnight(first + Months::new(1)),
                provider: "aws.bedrock",
                model,
                more: "\"endpoint\":\"global\",\"region\":\"us-east-1\",\"context_tokens\":24000,",
                requests: input / 6_000,
                input,
                cached: tokens(3 * input, random),
                output: tokens(*output, random),
            };
            text.push_str(&bucket.line());
        }
    }
    text
}

/// Half a year of a company whose seats give way to token billing, by day and department.
pub(crate) fn seats(random: &mut Random) -> String {
    let mut text = String::new();
    for number in 0..184 {
        let date = day(2026, 3) + chrono::Days::new(number);
        let weekend = chrono::Datelike::weekday(&date).num_days_from_monday() > 4;
        for (team, share) in [("engineering", 100), ("sales", 18)] {
            let usual = share * (100 + number / 4);
            let percent = if weekend { usual / 5 } else { usual };
            let input = random.share(9_000 * percent, 85, 115);
            let bucket = Bucket {
                start: midnight(date),
                end: midnight(date + chrono::Days::new(1)),
                provider: "anthropic",
                model: "claude-sonnet-4-6",
                more: if team == "sales" {
                    "\"context_tokens\":36000,\"labels\":{\"team\":\"sales\"},"
                } else {
                    "\"context_tokens\":36000,\"labels\":{\"team\":\"engineering\"},"
                },
                requests: input / 4_000,
                input,
                cached: random.share(input * 8, 90, 110),
                output: random.share(input / 6, 80, 120),
            };
            text.push_str(&bucket.line());
        }
    }
    text
}

/// A working day of one deployment, by minute, with a rush before noon.
pub(crate) fn throughput(random: &mut Random) -> String {
    let mut text = String::new();
    let eight = midnight(day(2026, 10)) + TimeDelta::hours(8);
    for minute in 0_u64..600 {
        // From 60 % at eight o'clock up to 130 % at eleven and down again.
        let distance = minute.abs_diff(180);
        let percent = 130_u64.saturating_sub(distance * 70 / 180).max(40);
        let requests = random.share(10 * percent, 80, 120);
        let start = eight + TimeDelta::minutes(minute.cast_signed());
        let bucket = Bucket {
            start,
            end: start + TimeDelta::minutes(1),
            provider: "azure.ai.openai",
            model: "gpt-5.2",
            more: "\"deployment\":\"global_standard\",",
            requests,
            input: random.share(requests * 100, 95, 105),
            cached: random.share(requests * 100, 95, 105),
            output: random.share(requests * 20, 90, 110),
        };
        text.push_str(&bucket.line());
    }
    text
}

/// Ten years of a laboratory that serves its own model on rented machines, by month.
pub(crate) fn laboratory(random: &mut Random) -> String {
    let mut text = String::new();
    for month in 0_u32..120 {
        let first = day(2026, 5) + Months::new(month);
        // Trillions of tokens of output; growth slows down.
        let month = u64::from(month);
        let trillions = 40 + 22 * month / 5 - month * month / 300;
        let output = random.share(trillions * 1_000_000_000_000, 97, 103);
        let bucket = Bucket {
            start: midnight(first),
            end: midnight(first + Months::new(1)),
            provider: "self_hosted",
            model: "house-model",
            more: "",
            requests: output / 600,
            input: random.share(output * 9, 97, 103),
            cached: 0,
            output,
        };
        text.push_str(&bucket.line());
    }
    text
}

/// Half a year of the same laboratory by day, as a forecast needs it.
pub(crate) fn laboratory_days(random: &mut Random) -> String {
    let mut text = String::new();
    for number in 0..184 {
        let date = day(2026, 5) + chrono::Days::new(number);
        let weekend = chrono::Datelike::weekday(&date).num_days_from_monday() > 4;
        // Billions of tokens of output; weekends are a little quieter.
        let billions = (1_500 + 3 * number) * if weekend { 88 } else { 100 } / 100;
        let output = random.share(billions * 1_000_000_000, 94, 106);
        let bucket = Bucket {
            start: midnight(date),
            end: midnight(date + chrono::Days::new(1)),
            provider: "self_hosted",
            model: "house-model",
            more: "",
            requests: output / 600,
            input: random.share(output * 9, 97, 103),
            cached: 0,
            output,
        };
        text.push_str(&bucket.line());
    }
    text
}

/// Percent of the busiest hour, by hour of the day: agents of clients in Europe and America.
const DAY_AND_NIGHT: [u64; 24] = [
    34, 32, 30, 30, 32, 38, 48, 62, 78, 90, 96, 98, 94, 96, 100, 100, 98, 94, 86, 74, 60, 50, 42,
    38,
];

/// Four weeks of agents on one deployment, by hour: much of each prompt is cached, nights are quiet.
pub(crate) fn agents(random: &mut Random) -> String {
    let mut text = String::new();
    let first = NaiveDate::from_ymd_opt(2026, 10, 4).unwrap_or_default();
    for date in first.iter_days().take(28) {
        let weekend = chrono::Datelike::weekday(&date).num_days_from_monday() > 4;
        for (hour, percent) in (0_i64..).zip(DAY_AND_NIGHT) {
            let usual = 93 * percent * if weekend { 60 } else { 100 } / 100;
            let requests = random.share(usual, 92, 108);
            let start = midnight(date) + TimeDelta::hours(hour);
            let bucket = Bucket {
                start,
                end: start + TimeDelta::hours(1),
                provider: "azure.ai.openai",
                model: "gpt-5.2",
                more: "\"deployment\":\"global_standard\",",
                requests,
                input: random.share(requests * 1_000, 97, 103),
                cached: random.share(requests * 9_000, 97, 103),
                output: random.share(requests * 150, 95, 105),
            };
            text.push_str(&bucket.line());
        }
    }
    text
}

/// Twelve weeks of an open model on Amazon Bedrock, by day.
pub(crate) fn open_model(random: &mut Random) -> String {
    let mut text = String::new();
    let first = NaiveDate::from_ymd_opt(2026, 8, 9).unwrap_or_default();
    for (number, date) in (0_u64..84).zip(first.iter_days()) {
        let weekend = chrono::Datelike::weekday(&date).num_days_from_monday() > 4;
        let usual = (2_000_000 + 3_000 * number) * if weekend { 70 } else { 100 } / 100;
        let requests = random.share(usual, 93, 107);
        let bucket = Bucket {
            start: midnight(date),
            end: midnight(date + chrono::Days::new(1)),
            provider: "aws.bedrock",
            model: "meta.llama3-3-70b-instruct-v1:0",
            more: "\"region\":\"us-east-2\",",
            requests,
            input: random.share(requests * 4_000, 97, 103),
            cached: 0,
            output: random.share(requests * 400, 97, 103),
        };
        text.push_str(&bucket.line());
    }
    text
}
