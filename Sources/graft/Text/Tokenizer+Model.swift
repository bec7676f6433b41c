import Diagnostics
import FileIO
import GGUF
import Tokenization

extension Tokenizer {
  /// The tokenizer of a model: of a directory, of a GGUF file, or in a file of its own.
  convenience init(model path: String) throws(GraftError) {
    if directoryExists(path) {
      try self.init(directory: path)
    } else if path.hasSuffix(".gguf") {
      try self.init(TokenizerMetadata(GGUFFile(path)))
    } else if path.hasSuffix(".json") {
      try self.init(json: readFile(path, limit: 512 << 20), path: path)
    } else {
      try self.init(modelFile: path)
    }
  }
}

extension TokenizerMetadata {
  /// Reads the keys `tokenizer.*` of a GGUF file.
  init(_ gguf: GGUFFile) throws(GraftError) {
    self.init(
      model: try gguf.string("tokenizer.ggml.model"),
      tokens: try gguf.strings("tokenizer.ggml.tokens"), file: gguf.path)
    func has(_ key: String) -> Bool { gguf.metadata["tokenizer.ggml.\(key)"] != nil }
    pre = try gguf.optionalString("tokenizer.ggml.pre")
    if has("token_type") { types = try gguf.ints("tokenizer.ggml.token_type") }
    if has("merges") { merges = try gguf.strings("tokenizer.ggml.merges") }
    if has("scores") {
      scores = (gguf.metadata["tokenizer.ggml.scores"]?.array ?? []).compactMap {
        $0.double.map(Float.init)
      }
    }
    if has("precompiled_charsmap") {
      characterMap = try gguf.ints("tokenizer.ggml.precompiled_charsmap").map {
        UInt8(truncatingIfNeeded: $0)
      }
    }
    bosID = try gguf.optionalInt("tokenizer.ggml.bos_token_id")
    eosID = try gguf.optionalInt("tokenizer.ggml.eos_token_id")
    padID = try gguf.optionalInt("tokenizer.ggml.padding_token_id")
    unknownID = try gguf.optionalInt("tokenizer.ggml.unknown_token_id")
    addsBOS = gguf.metadata["tokenizer.ggml.add_bos_token"]?.bool
    addsEOS = gguf.metadata["tokenizer.ggml.add_eos_token"]?.bool
    addsSpacePrefix = gguf.metadata["tokenizer.ggml.add_space_prefix"]?.bool
    removesExtraSpaces = gguf.metadata["tokenizer.ggml.remove_extra_whitespaces"]?.bool
    chatTemplate = try gguf.optionalString("tokenizer.chat_template")
  }
}
