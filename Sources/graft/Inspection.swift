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
      findings = [Finding(.problem, error)]
    }
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
