import Checkpoint
import Diagnostics
import FileIO
import Heads
import TensorCore
import Verify

/// The page of a proof: findings first, then heads, the map of the change, sizes and all tensors.
struct ProofPage {
  private let proof: WeightsProof
  private let heads: [String]

  init(_ proof: WeightsProof, heads: [String]) {
    self.proof = proof
    self.heads = heads
  }

  /// A line for each head of a model.
  static func heads(of model: ModelDirectory) throws(GraftError) -> [String] {
    try HeadSearch(model).heads.map { head in
      let spec = head.weight.spec
      let outputs = head.labelCount == 1 ? "1 output" : "\(head.labelCount) outputs"
      return "\(spec.name): \(spec.dtype.rawValue) \(spec.shape), \(outputs)"
        + (head.bias == nil ? "" : ", with bias")
    }
  }

  var html: String {
    var page = Page(title: "Proof of \(proof.merged)")
    let updated = proof.tensors.filter { $0.role == .updated }
    let kept = proof.tensors.filter { $0.role == .kept }
    page.parts.append("<h1>Is this the base plus the adapter?</h1>")
    page.parts.append(
      "<p class=\"paths dim\">base \(Page.escape(proof.base))<br>merged "
        + "\(Page.escape(proof.merged))<br>adapter \(Page.escape(proof.adapter ?? "-"))</p>")
    page.parts.append(verdict(updated.count, kept.count))
    page.parts.append("<h2>Findings</h2>")
    page.parts.append(Page.list(proof.findings.byWeight.map(\.pageItem)))
    page.parts.append("<h2>Head</h2>")
    page.parts.append(headStatus)
    page.parts.append("<h2>Where the weights changed</h2>")
    page.parts.append(
      "<p class=\"dim\">The norm of the change of each tensor as a share of the base's, by layer "
        + "and module; the stronger the colour, the more, on a scale of powers. Point at a field for "
        + "its numbers.</p>")
    page.parts.append(Page.heatMap(Self.cells(proof.tensors)))
    page.parts.append("<h2>Files</h2>")
    page.parts.append("<p>\(Page.escape(proof.sizeText))</p>")
    page.parts.append(files)
    page.parts.append("<h2>Tensors</h2>")
    page.parts.append(
      "<p class=\"dim\">Lost is the norm of what rounding took from the update, as a share of the "
        + "update's norm. The effective rank is e to the entropy of the update's singular values, "
        + "as shares of their sum.</p>")
    page.parts.append(tensors)
    return page.html
  }

  private func verdict(_ updated: Int, _ kept: Int) -> String {
    guard proof.holds else {
      let count = proof.findings.count { $0.severity == .problem }
      return "<div class=\"verdict bad\"><strong>Not proven</strong><p>"
        + "\(counted(count, "problem")); see the findings.</p></div>"
    }
    return "<div class=\"verdict good\"><strong>Proven</strong><p>\(counted(updated, "weight")) "
      + "equal base + update, computed anew in float64 and rounded once. "
      + "\(counted(kept, "other tensor")) as in the base, bit for bit. Nothing is missing, nothing "
      + "is left over.</p></div>"
  }

  private var headStatus: String {
    let replaced = proof.tensors.filter { $0.role == .replaced }
    var lines = heads.map { "<p><code>\(Page.escape($0))</code></p>" }
    if lines.isEmpty { lines = ["<p class=\"dim\">No head: a language model.</p>"] }
    for tensor in replaced {
      lines.append(
        "<p>\(Page.escape(tensor.name)) \(tensor.holds ? "is" : "is <b class=\"bad\">not</b>") the "
          + "adapter's trained tensor.</p>")
    }
    return lines.joined(separator: "\n")
  }

  /// One field for each updated tensor of a layer.
  static func cells(
    _ tensors: [TensorProof]
  ) -> [(layer: Int, column: String, value: Double, hint: String)] {
    tensors.compactMap { tensor in
      guard let layer = tensor.layer, tensor.role != .kept || tensor.changedCount > 0 else {
        return nil
      }
      let rank = tensor.effectiveRank.map { ", effective rank \(fixed($0, 1))" } ?? ""
      let hint =
        "\(tensor.name): \(scientific(tensor.relativeChange)) of the base's norm, "
        + "\(percentText(tensor.changedCount, of: tensor.elementCount)) of elements, "
        + "\(scientific(tensor.lostShare)) lost to rounding\(rank)"
      return (layer, tensor.moduleKind, tensor.relativeChange, hint)
    }
  }

  private var files: String {
    func rows(_ side: String, _ files: [FileRecord]) -> [[String]] {
      files.map { [side, $0.name, grouped($0.seal.byteCount), $0.seal.sha256] }
    }
    return Page.table(
      [["", "file", "bytes", "SHA-256"]] + rows("base", proof.baseFiles)
        + rows("merged", proof.mergedFiles), numbers: [2])
  }

  private var tensors: String {
    let head = [
      "tensor", "role", "type", "shape", "equal", "1 unit off", "wrong", "changed", "update norm",
      "relative", "lost", "eff. rank",
    ]
    let rows = proof.tensors.map { tensor -> [String] in
      let size = tensor.elementCount
      var row = [
        tensor.name, tensor.role.rawValue, tensor.dtype.rawValue, "\(tensor.shape)",
        percentText(tensor.equalCount, of: size), percentText(tensor.neighbourCount, of: size),
        grouped(tensor.wrongCount), percentText(tensor.changedCount, of: size),
      ]
      guard tensor.role == .updated else { return row + ["-", "-", "-", "-"] }
      row.append(scientific(tensor.deltaNorm))
      row.append(scientific(tensor.relativeChange))
      row.append(scientific(tensor.lostShare))
      row.append(tensor.effectiveRank.map { fixed($0, 1) } ?? "-")
      return row
    }
    return Page.table([head] + rows, numbers: Set(4...11))
  }
}

/// The page of a tensor diff.
struct ComparisonPage {
  private let comparison: CheckpointComparison

  init(_ comparison: CheckpointComparison) { self.comparison = comparison }

  var html: String {
    var page = Page(title: "\(comparison.first) and \(comparison.second)")
    let tensors = comparison.tensors
    page.parts.append("<h1>What differs between two checkpoints</h1>")
    page.parts.append(
      "<p class=\"paths dim\">first \(Page.escape(comparison.first))<br>second "
        + "\(Page.escape(comparison.second))</p>")
    let state = comparison.areEqual ? ("good", "Equal, bit for bit") : ("warn", "Different")
    page.parts.append("<div class=\"verdict \(state.0)\"><strong>\(state.1)</strong></div>")
    let states: [(CheckpointComparison.State, String)] = [
      (.equal, "equal"), (.converted, "equal in another type"), (.changed, "changed"),
      (.otherShape, "of another shape"), (.missing, "in the first only"),
      (.extra, "in the second only"),
    ]
    page.parts.append(
      Page.facts(
        states.map { state, text in (grouped(tensors.count { $0.state == state }), text) }
          .filter { $0.0 != "0" }))
    let cells = tensors.compactMap { tensor -> (Int, String, Double, String)? in
      let parts = tensor.name.split(separator: ".")
      guard tensor.state == .changed, let layer = parts.lazy.compactMap({ Int($0) }).first
      else { return nil }
      let module = parts.dropLast().last.map(String.init) ?? tensor.name
      return (
        layer, module, tensor.relativeChange, "\(tensor.name): \(scientific(tensor.relativeChange))"
      )
    }
    if !cells.isEmpty {
      page.parts.append("<h2>Where the weights changed</h2>")
      page.parts.append(
        Page.heatMap(
          cells.map { (layer: $0.0, column: $0.1, value: $0.2, hint: $0.3) }))
    }
    page.parts.append("<h2>Tensors that are not equal</h2>")
    let rows = tensors.filter { $0.state != .equal }.map { tensor -> [String] in
      let row = [
        tensor.name, tensor.state.rawValue.replacingUnderscore, tensor.typeText, tensor.shapeText,
      ]
      guard tensor.state == .changed else { return row + ["-", "-", "-", "-"] }
      return row + [
        percentText(tensor.changedCount, of: tensor.second?.elementCount ?? 0),
        scientific(tensor.differenceNorm), scientific(tensor.relativeChange),
        scientific(tensor.largestChange),
      ]
    }
    page.parts.append(
      Page.table(
        [["tensor", "state", "type", "shape", "changed", "norm", "relative", "largest"]] + rows,
        numbers: Set(4...7)))
    page.parts.append("<h2>Files</h2>")
    let files =
      comparison.firstFiles.map { ["first", $0.name, grouped($0.seal.byteCount), $0.seal.sha256] }
      + comparison.secondFiles.map {
        ["second", $0.name, grouped($0.seal.byteCount), $0.seal.sha256]
      }
    page.parts.append(Page.table([["", "file", "bytes", "SHA-256"]] + files, numbers: [2]))
    return page.html
  }
}

extension Finding {
  /// Kind, colour and text for a page.
  var pageItem: (kind: String, className: String, text: String) {
    switch severity {
    case .problem: ("problem", "bad", "\(detail)")
    case .warning: ("warning", "warn", "\(detail)")
    case .note: ("note", "dim", "\(detail)")
    }
  }
}
