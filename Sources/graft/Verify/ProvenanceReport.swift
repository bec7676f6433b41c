import Checkpoint
import Diagnostics
import FileIO
import StrictJSON
import Verify

extension ProvenanceProof {
  /// Lines for people.
  var text: [String] {
    var lines = findings.byWeight.prefix(20).map(\.text)
    if findings.count > 20 { lines.append("and \(findings.count - 20) more; --json lists all") }
    let rows = (outputs.map { ("output", $0) } + inputs.map { ("input", $0) }).map { role, file in
      [
        role, file.state.rawValue, byteText(file.recorded.seal.byteCount),
        String(file.recorded.seal.sha256.prefix(16)), file.path,
      ]
    }
    lines += table([["", "", "size", "SHA-256", "file"]] + rows, alignRight: [2])
    guard holds else {
      return lines + [Style.bad("not as it was made:") + " see the problems above"]
    }
    lines.append(
      Style.good("as it was made") + " by 'graft \(command)' on \(created): "
        + "\(counted(outputs.count, "file")) of the recorded size and hash"
        + (originCount > 0 ? ", \(counted(originCount, "tensor")) with an origin" : ""))
    return lines
  }

  /// The check for programs.
  var json: JSONObject {
    func list(_ files: [File]) -> JSONValue {
      .array(
        files.map {
          [
            "path": .string($0.path), "state": .string($0.state.rawValue),
            "bytes": JSONValue($0.recorded.seal.byteCount),
            "sha256": .string($0.recorded.seal.sha256),
          ]
        })
    }
    var out = JSONObject()
    out["path"] = .string(path)
    out["command"] = .string(command)
    out["created"] = .string(created)
    out["passed"] = .bool(holds)
    out["findings"] = .array(findings.map(\.json))
    out["outputs"] = list(outputs)
    out["inputs"] = list(inputs)
    out["tensors_with_origin"] = JSONValue(originCount)
    return out
  }
}
