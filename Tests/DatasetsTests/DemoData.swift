import FileIO
import StrictJSON
import TestSupport

/// LLaMA-Factory's own demo data sets, with its code beside them.
enum DemoData {
  /// SmolLM2's tokenizer.
  static let model = "\(Shared.path ?? "")/assets/tokenizers/SmolLM2"

  static let isPresent = directoryExists(model) && PeersPython.has("llamafactory")

  static let cases: [(name: String, stage: String, options: JSONValue)] = [
    ("alpaca_en_demo", "sft", ["template": "chatml"]),
    ("alpaca_en_demo", "sft", ["template": "chatml", "packing": true, "cutoff_len": 512]),
    ("alpaca_zh_demo", "sft", ["template": "smollm2", "cutoff_len": 128]),
    ("identity", "sft", ["template": "default", "train_on_prompt": true]),
    ("glaive_toolcall_en_demo", "sft", ["template": "qwen", "cutoff_len": 1024]),
    ("glaive_toolcall_en_demo", "sft", ["template": "default", "mask_history": true]),
    ("dpo_en_demo", "rm", ["template": "chatml"]),
    ("dpo_en_demo", "rm", ["template": "qwen3", "cutoff_len": 300]),
    ("dpo_zh_demo", "rm", ["template": "smollm2", "cutoff_len": 512]),
    ("kto_en_demo", "kto", ["template": "chatml", "cutoff_len": 512]),
    ("c4_demo", "pt", ["template": "default"]),
    ("wiki_demo", "pt", ["template": "default", "packing": true, "cutoff_len": 512]),
  ]
}
