import Adapters
import Checkpoint
import Diagnostics
import FileIO
import TensorCore

/// What one directory or weight file is.
struct Inspection {
  enum Content {
    case model(ModelReport)
    case adapter(AdapterReport)
    case file(FileReport)
    case unreadable
  }

  let directory: String
  private(set) var content = Content.unreadable
  private(set) var findings: [Finding] = []

  init(_ directory: String) {
    let directory = Self.withoutTrailingSlash(directory)
    self.directory = directory
    do throws(GraftError) {
      if Adapter.isAdapter(directory) {
        let report = try AdapterReport(try Adapter(directory))
        content = .adapter(report)
        findings = report.findings.byWeight
      } else if fileExists(directory) {
        let report = try FileReport(directory)
        content = .file(report)
        if report.tensorCount == 0 { findings = [Finding(.problem, .noTensors(directory))] }
      } else {
        let report = try ModelReport(try ModelDirectory(directory))
        content = .model(report)
        findings = report.findings.byWeight
      }
    } catch {
      findings = [Finding(.problem, error)] + Self.brokenWeights(in: directory, besides: error)
    }
  }

  /// What is wrong with weight files that were not reached, since something else failed first.
  private static func brokenWeights(in directory: String, besides first: GraftError) -> [Finding] {
    guard directoryExists(directory) else { return [] }
    let names = ((try? directoryEntries(directory)) ?? []).sorted().filter { name in
      [".safetensors", ".bin", ".pt", ".pth"].contains { name.hasSuffix($0) }
    }
    return names.prefix(20).map { "\(directory)/\($0)" }.filter { $0 != first.file }.compactMap {
      do throws(GraftError) {
        _ = try TensorStore(file: $0)
        return nil
      } catch {
        return Finding(.problem, error)
      }
    }
  }

  private static func withoutTrailingSlash(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }

  var hasProblems: Bool { findings.contains { $0.severity == .problem } }

  var exitCode: Int32 {
    if case .unreadable = content { return 3 }
    return hasProblems ? 1 : 0
  }

  var model: ModelReport? {
    if case .model(let report) = content { report } else { nil }
  }

  var adapter: AdapterReport? {
    if case .adapter(let report) = content { report } else { nil }
  }
}
