use std::io::Write;

use super::*;
use crate::source::{Input, Progress};

/// The texts of each prompt of a file, its answer after `=>`, and the most tokens of output.
fn read(content: &str) -> (Vec<String>, CorpusReport) {
    let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let inputs = [Input::File(file.path().to_owned())];
    let (report, mut shown) =
        read_all(&inputs, &Progress::default(), vec![Shown::default()]).unwrap();
    (shown.remove(0).0, report)
}

/// Prompts as texts.
#[derive(Default)]
struct Shown(Vec<String>);

impl Sink for Shown {
    fn prompt(&mut self, _file: usize, prompt: &Prompt<'_>) {
        self.0.push(shown(prompt));
    }

    fn part(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    fn end_of_parts(&mut self, _file: usize, prompt: &Prompt<'_>) {
        self.0.push(shown(prompt));
    }
}

fn shown(prompt: &Prompt<'_>) -> String {
    let parts = |parts: &[Part<'_>]| {
        let one = |part: &Part<'_>| match part {
            Part::Text(text) => text.to_string(),
            other => format!("{other:?}"),
        };
        parts.iter().map(one).collect::<Vec<_>>().join("+")
    };
    let said = |m: &Message<'_>| format!("{}:{}", m.role, parts(&m.parts));
    let messages: Vec<String> = prompt.messages.iter().map(said).collect();
    let tools: Vec<&str> = prompt.tools.iter().map(|tool| &*tool.name).collect();
    let answer = parts(&prompt.answer);
    let most = prompt.max_output.map_or_else(String::new, |most| format!(" max {most}"));
    format!("{} {} {tools:?} => {answer}{most}", prompt.shape.name(), messages.join("|"))
}

#[test]
fn every_shape_is_read() {
    for (line, expected) in [
        (
            r#"{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":7,"n":2,"tools":[{"type":"function","function":{"name":"f"}}]}}"#,
            r#"openai-batch user:hi ["f"] =>  max 14"#,
        ),
        (
            r#"{"url":"/v1/responses","body":{"instructions":"be","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call_output","output":"b"}],"max_output_tokens":5}}"#,
            r#"openai-batch system:be|user:a|tool:b [] =>  max 5"#,
        ),
        (
            r#"{"url":"/v1/embeddings","body":{"input":["a","b"]}}"#,
            r#"openai-batch :a+b [] =>  max 0"#,
        ),
        (
            r#"{"url":"/v1/embeddings","body":{"input":[[1,2,3],[4]]}}"#,
            r#"openai-batch :Tokens(3)+Tokens(1) [] =>  max 0"#,
        ),
        (
            r#"{"custom_id":"1","params":{"model":"claude","max_tokens":9,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"}],"tools":[{"name":"t","input_schema":{}}]}}"#,
            r#"anthropic-batch system:s|user:u ["t"] =>  max 9"#,
        ),
        (
            r#"{"key":"1","request":{"contents":[{"parts":[{"text":"a"},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]}],"generation_config":{"max_output_tokens":3}}}"#,
            r#"gemini-batch user:a+Media(Media { kind: Audio, extent: None, resolution: None }) [] =>  max 3"#,
        ),
        (
            r#"{"request":{"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{"maxOutputTokens":4},"tools":[{"functionDeclarations":[{"name":"g"}]}]}}"#,
            r#"vertex-batch user:a ["g"] =>  max 4"#,
        ),
        (
            r#"{"recordId":"1","modelInput":{"anthropic_version":"bedrock-2023-05-31","max_tokens":8,"messages":[{"role":"user","content":[{"type":"text","text":"q"}]}]}}"#,
            r#"bedrock-batch user:q [] =>  max 8"#,
        ),
        (
            r#"{"recordId":"1","modelInput":{"inferenceConfig":{"maxTokens":6},"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"q"}]}]}}"#,
            r#"bedrock-batch system:s|user:q [] =>  max 6"#,
        ),
        (
            r#"{"recordId":"1","modelInput":{"inputText":"q","textGenerationConfig":{"maxTokenCount":5}}}"#,
            r#"bedrock-batch :q [] =>  max 5"#,
        ),
        (
            r#"{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]}"#,
            r#"conversation user:u [] => a"#,
        ),
        (
            r#"{"conversations":[{"from":"human","value":"u"},{"from":"gpt","value":"a"}]}"#,
            r#"sharegpt user:u [] => a"#,
        ),
        (
            r#"{"conversation":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}],"model":"m"}"#,
            r#"sharegpt user:u [] => a"#,
        ),
        (r#"{"prompt":"p","completion":"c"}"#, r#"question user:p [] => c"#),
        (r#"{"instruction":"i","input":"x","output":"o"}"#, r#"question user:i+x [] => o"#),
        (r#"{"question":"q","answer":"a"}"#, r#"question user:q [] => a"#),
        (r#"{"text":"t"}"#, r#"text :t [] => "#),
        (
            r#"{"model":"gpt-5","messages":[{"role":"user","content":"u"},{"role":"assistant","content":"so far"}],"max_tokens":2}"#,
            r#"request user:u|assistant:so far [] =>  max 2"#,
        ),
    ] {
        assert_eq!(read(&format!("{line}\n")).0, [expected], "{line}");
    }
}

#[test]
fn a_mixture_is_counted_and_what_is_no_prompt_is_said() {
    let (found, report) =
        read("{\"text\":\"a\"}\n{\"question\":\"b\"}\n{\"hello\":1}\nnot json\n{\"text\":\"c");
    assert_eq!(found.len(), 2);
    assert_eq!((report.prompts, report.skipped), (2, 3));
    assert_eq!(report.shapes.len(), 2);
    let (found, _) =
        read("{\"requests\":[{\"params\":{\"messages\":[]}},{\"params\":{\"messages\":[]}}]}");
    assert_eq!(found.len(), 2);
    let (found, _) = read("[\n{\"text\":\"a\"},\n\"b\"\n]");
    assert_eq!(found, ["text :a [] => ", "text :b [] => "]);
}

#[test]
fn images_are_no_text_and_have_the_size_of_their_header() {
    // A PNG of 3 by 2 pixels: signature, then length, `IHDR`, width and height.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAC0lEQVR42mNgQAcAABIAAYAUyswAAAAASUVORK5CYII=";
    let size = Some(ImageSize { width: 3, height: 2 });
    assert_eq!(image_size(png), size);
    let line = format!(
        r#"{{"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{png}","detail":"low"}}}},{{"type":"image","source":{{"type":"base64","data":"{png}"}}}},{{"type":"image_url","image_url":{{"url":"https://example.com/a.png"}}}}]}}]}}"#
    );
    let (found, _) = read(&line);
    let shown = |low_detail, size| {
        format!("{:?}", Part::Image(Image { size, low_detail, ..Image::default() }))
    };
    let expected = [shown(true, size), shown(false, size), shown(false, None)].join("+");
    assert_eq!(found, [format!("conversation user:{expected} [] => ")]);
    // GIF 258 by 1; JPEG 16 by 9 after a comment; WebP 640 by 480, lossy, then extended 1 by 65536.
    assert_eq!(image_size("R0lGODlhAgEBAA=="), Some(ImageSize { width: 258, height: 1 }));
    assert_eq!(
        image_size("/9j//gAEYWL/wAARCAAJABADASIA"),
        Some(ImageSize { width: 16, height: 9 })
    );
    assert_eq!(
        image_size("UklGRgAAAABXRUJQVlA4IAAAAAAAAACdASqAAuAB"),
        Some(ImageSize { width: 640, height: 480 })
    );
    assert_eq!(
        image_size("UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAAAAA//8A"),
        Some(ImageSize { width: 1, height: 65_536 })
    );
    for odd in ["", "iVBORw0KGgo", "/9j/", "not base64!", "/9j/wAARCAAA"] {
        assert_eq!(image_size(odd), None, "{odd}");
    }
}
