import Adapters
import Checkpoint
import Diagnostics
import Merge
import TensorCore

/// Whether a base and an adapter that were named together fit, and what a merge would make of them.
struct Fit {
  let base: String
  let adapter: String
  /// What the adapter changes, by the base's tensor names.
  let changed: [String]
  /// Weights that it replaces or brings, by their names in the result.
  let replaced: [String]
  /// Elements of the base's weights that it changes or replaces.
  let changedParameterCount: Int
  /// Elements of all of the base's weights.
  let parameterCount: Int
  /// What the merged model would be; nil where a merge is refused.
  private(set) var role: ModelRole?
  /// What is wrong, or worth knowing.
  private(set) var findings: [Finding]

  init(_ model: ModelReport, _ report: AdapterReport) {
    let directory = model.directory
    let opened = report.adapter
    base = directory.path
    adapter = opened.path
    parameterCount = model.parameterCount
    var vocabulary: [Finding] = []
    var store = directory.store
    do throws(GraftError) {
      let growth = try VocabularyGrowth(directory, opened)
      store = growth.base.store
      vocabulary = growth.findings
    } catch {
      vocabulary = [Finding(.problem, error)]
    }
    let specs = store.inFileOrder.map(\.spec)
    let plan = AdapterPlan(opened, base: specs)
    changed = plan.changes.keys.sorted()
    replaced = plan.replacements.keys.sorted()
    let touched = Set(changed + replaced)
    changedParameterCount = specs.reduce(0) {
      touched.contains($1.name) ? $0 + $1.elementCount : $0
    }
    findings = vocabulary + plan.findings
    if findings.contains(where: { $0.severity == .problem }) { return }
    do throws(GraftError) {
      let merge = try MergePlan(base: directory, adapter: opened)
      role = merge.role
      findings = merge.findings
    } catch {
      findings.append(Finding(.problem, error))
    }
  }

  /// Every pair of a model and an adapter among what was inspected.
  static func all(_ inspections: [Inspection]) -> [Fit] {
    inspections.compactMap(\.model).flatMap { model in
      inspections.compactMap(\.adapter).map { Fit(model, $0) }
    }
  }

  var problems: [Finding] { findings.filter { $0.severity == .problem } }
  var isMergedAlready: Bool { findings.contains { $0.detail.code == .alreadyMerged } }
  var exitCode: Int32 { problems.isEmpty ? 0 : 1 }
}
