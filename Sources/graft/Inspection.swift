import Adapters
import Checkpoint
import Diagnostics
import FileIO
import TensorCore

/// What one directory is.
struct Inspection {
  enum Content {
    case model(ModelReport)
    case adapter(AdapterReport)
    case unreadable
  }

  let directory: String
  private(set) var content = Content.unreadable
  private(set) var findings: [Finding] = []

  init(_ directory: String) {
    self.directory = directory
    do throws(GraftError) {
      guard directoryExists(directory) || Adapter.isAdapter(directory) else {
        throw fileExists(directory)
          ? .notADirectory(directory) : GraftError.system("opening", directory, errno: 2)
      }
      if Adapter.isAdapter(directory) {
        let report = try AdapterReport(try Adapter(directory))
        content = .adapter(report)
        findings = report.findings.byWeight
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
    if case .unreadable = content { return findings.first?.detail.code.kind.rawValue ?? 3 }
    return hasProblems ? 1 : 0
  }

  var model: ModelReport? {
    if case .model(let report) = content { report } else { nil }
  }

  var adapter: AdapterReport? {
    if case .adapter(let report) = content { report } else { nil }
  }
}

/// Whether a base and an adapter that were named together fit.
struct Fit {
  let base: String
  let adapter: String
  let plan: AdapterPlan
  /// What merging would do to the vocabulary.
  private let vocabulary: [Finding]

  private init(_ base: ModelDirectory, _ adapter: Adapter) {
    self.base = base.path
    self.adapter = adapter.path
    var fitted = base
    do {
      let growth = try VocabularyGrowth(base, adapter)
      fitted = growth.base
      vocabulary = growth.findings
    } catch {
      vocabulary = [Finding(.problem, error)]
    }
    plan = AdapterPlan(adapter, base: fitted.store.inFileOrder.map(\.spec))
  }

  /// Every pair of a model and an adapter among the directories.
  static func all(_ inspections: [Inspection]) -> [Fit] {
    inspections.compactMap(\.model).flatMap { model in
      inspections.compactMap(\.adapter).map { adapter in
        Fit(model.directory, adapter.adapter)
      }
    }
  }

  var findings: [Finding] { vocabulary + plan.findings }
  var problems: [Finding] { findings.filter { $0.severity == .problem } }
  var exitCode: Int32 { problems.isEmpty ? 0 : 1 }
}
