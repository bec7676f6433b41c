import Checkpoint
import Diagnostics
import TensorCore
import TorchArchive

/// Mixtures of experts: each expert has a file with its 16-bit weights, and the optimiser's groups
/// of experts are divided among fewer ranks than the others.
extension ZeroReader {
  private static let mark = ".deepspeed_experts."

  /// The parameters of a group of experts under the names that they have in the whole model, where
  /// the experts are counted through.
  func expertNames(
    _ parameters: [ZeroParameter], set: Int, of sets: Int
  ) throws(GraftError) -> [ZeroParameter] {
    var out: [ZeroParameter] = []
    let numbers = Set(parameters.compactMap { Self.split($0.name)?.number })
    guard numbers == Set(0..<numbers.count) else {
      throw .expertsUnknown(parameters.first?.name ?? "", file: model.path)
    }
    for parameter in parameters {
      guard let (front, number, back) = Self.split(parameter.name) else {
        throw .expertsUnknown(parameter.name, file: model.path)
      }
      var renamed = parameter
      renamed.name = "\(front)\(Self.mark)\(set * numbers.count + number).\(back)"
      out.append(renamed)
    }
    return out
  }

  /// Adds what the experts' own files hold and the optimiser's do not, and holds both against each
  /// other.
  func addExperts(to build: inout ZeroBuild) throws(GraftError) {
    for expert in files.experts {
      let archive = try TorchFile(expert.path)
      for (name, tensor) in try archive.stateDict().tensors {
        let source = try TorchSource(tensor, named: name, in: archive)
        guard let known = build.source(name) else {
          build.add(source, .trained)
          continue
        }
        guard known.spec.shape == source.spec.shape else {
          throw .shapesDisagree(
            name, source.spec.shape, known.spec.shape, file: expert.path, other: known.file)
        }
      }
    }
  }

  private static func split(_ name: String) -> (front: String, number: Int, back: String)? {
    let text = Array(name.utf8)
    let mark = Array(mark.utf8)
    guard text.count > mark.count else { return nil }
    for start in 0...(text.count - mark.count)
    where text[start..<start + mark.count].elementsEqual(mark) {
      let rest = text[(start + mark.count)...]
      let digits = rest.prefix { $0 != 0x2E }
      guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0,
        rest.count > digits.count + 1
      else { return nil }
      return (
        String(decoding: text[..<start], as: UTF8.self), number,
        String(decoding: rest.dropFirst(digits.count + 1), as: UTF8.self)
      )
    }
    return nil
  }
}
