import Foundation
import Torch
import Testing
import Diagnostics
import Checkpoint
import FileIO
import LanguageModels
import StrictJSON
import TensorCore
import TestSupport

/// The committed tiny Llama; `golden.json` says which versions made its numbers.
/// Made by Scripts/golden/tiny_llama.py.
struct GoldenLlama {
  static let golden = Result {
    try JSONValue.parse(
      try readFile(Fixtures.path("tiny-llama/golden.json")), file: "golden.json")
  }

  static var caseNames: [String] {
    (try? golden.get())?["cases"]?.array?.compactMap { $0["name"]?.string } ?? []
  }

  /// Writes a model directory of these weights and this config.
  static func write(weights: String, config: JSONValue?, to directory: String) throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try manager.copyItem(
      atPath: Fixtures.path("tiny-llama/\(weights).safetensors"),
      toPath: "\(directory)/model.safetensors")
    guard var object = config?.object else { throw Missing(what: "config") }
    object["model_type"] = "llama"
    try Data(JSONValue.object(object).text().utf8).write(
      to: URL(fileURLWithPath: "\(directory)/config.json"))
  }

  /// Loads the plain model as a causal model.
  static func loadPlain(dtype: DType = .f32) throws -> DecoderModel {
    let directory = try TemporaryDirectory()
    let reward = try golden.get()["reward"]
    try write(weights: "plain", config: reward?["config"], to: "\(directory.path)/model")
    return try loadCausalModel("\(directory.path)/model", dtype: dtype).model
  }

  struct Missing: Error { var what: String }
}

extension JSONValue {
  var tokens: [Int32] { array?.compactMap { $0.int.map { Int32($0) } } ?? [] }
  var numbers: [Float] { array?.compactMap { $0.double.map { Float($0) } } ?? [] }
}

/// The largest distance between two vectors of the same length, or infinity.
func distance(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count, !a.isEmpty else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
}
