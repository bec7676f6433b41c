public import Diagnostics
import FileIO

/// The files of a model directory that go along when its weights are rewritten.
public enum SideFiles {
  private static let exact: Set = [
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja",
    "chat_template.json", "generation_config.json", "NOTICE",
  ]

  /// The names in `directory` of tokenizer, chat template, generation settings and licence.
  public static func names(in directory: String) throws(GraftError) -> [String] {
    try directoryEntries(directory).filter { name in
      exact.contains(name) || name.hasPrefix("LICENSE") || name.hasPrefix("LICENCE")
    }
  }
}
