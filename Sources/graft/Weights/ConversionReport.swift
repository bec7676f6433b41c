import Adapters
import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// Writes an adapter for another program, or only says what would be written.
struct ConversionReport {
  private let conversion: AdapterConversion
  private let output: String
  private let json: Bool

  init(_ conversion: AdapterConversion, output: String, json: Bool) {
    self.conversion = conversion
    self.output = output
    self.json = json
  }

  func write(replacing: Bool) throws(GraftError) {
    let files = try conversion.write(to: output, replacing: replacing)
    if json {
      let out: JSONValue = [
        "output": .string(output), "to": .string(conversion.dialect.rawValue),
        "tensors": JSONValue(conversion.tensors.count),
        "files": .array(files.map(\.json)),
        "notes": .array(conversion.notes.map { .string($0) }),
      ]
      return print(out.text(.pretty))
    }
    print(
      "\(Style.good("wrote:")) \(output), \(counted(conversion.tensors.count, "tensor")) for "
        + conversion.dialect.rawValue)
    for note in conversion.notes { print("  \(Style.dim("note:")) \(note)") }
  }

  func describe() {
    if json {
      let tensors = conversion.tensors.map { tensor -> JSONValue in
        [
          "name": .string(tensor.spec.name), "dtype": .string(tensor.spec.dtype.rawValue),
          "shape": .array(tensor.spec.shape.map { JSONValue($0) }),
          "from": .array(
            Ledger.Reference.all(of: tensor).map { .string($0.description) }),
        ]
      }
      let out: JSONValue = [
        "to": .string(conversion.dialect.rawValue), "tensors": .array(tensors),
        "notes": .array(conversion.notes.map { .string($0) }),
      ]
      return print(out.text(.pretty))
    }
    print("Would write to \(output):")
    let rows = conversion.tensors.map { tensor in
      let origins = Ledger.Reference.all(of: tensor).map(\.tensor)
      return [tensor.spec.description, "from \(origins.joined(separator: " and "))"]
    }
    for line in table(rows) { print(line) }
    for note in conversion.notes { print("  note: \(note)") }
    print("Nothing was written.")
  }
}
