public import Diagnostics
import TensorCore

/// The experts of a checkpoint in the layout that its files do not have, without copying them.
public struct ExpertConversion: Sendable {
  /// A tensor of the other layout.
  public struct Entry: Sendable {
    /// The tensor under its new name.
    public var source: any TensorSource
    /// Its account: the tensors that it is read from, and how.
    public var origin: Ledger.Origin

    /// Enters a tensor.
    public init(source: any TensorSource, origin: Ledger.Origin) {
      self.source = source
      self.origin = origin
    }
  }

  /// The tensors of the other layout, by the first tensor of the files that goes into each, in the
  /// order in which they are to be written.
  public private(set) var entries: [String: [Entry]] = [:]
  /// The names in the files whose place they take.
  public private(set) var consumed: Set<String> = []

  /// Plans to turn the experts of a model.
  ///
  /// - Parameter layout: the layout to make; where the files have it already, nothing is planned.
  /// - Throws: ``GraftError`` if the family has no experts, a tensor is missing, or shapes disagree.
  public init(_ model: ModelDirectory, to layout: ExpertLayout) throws(GraftError) {
    let architecture = try model.requireArchitecture()
    guard architecture.hasExperts else {
      throw .noExperts(model.config.modelType ?? "(none)", file: model.config.file)
    }
    guard model.expertLayout != layout else { return }
    for parameter in try architecture.expertParameters(model.config) {
      switch layout {
      case .fused: try stack(parameter, in: model)
      case .perExpert: try slice(parameter, in: model)
      }
    }
    for pair in try architecture.layoutRenames(model.config) {
      let (from, to) =
        layout == .fused ? (pair.perExpert, pair.fused) : (pair.fused, pair.perExpert)
      let source = try require(from, in: model)
      add(
        RenamedSource(source, as: model.names.onDisk(to)), at: source,
        .tensor(Ledger.Reference(source), how: "renamed for \(layout.rawValue) experts"))
    }
  }

  private mutating func stack(
    _ parameter: ExpertParameter, in model: ModelDirectory
  ) throws(GraftError) {
    var pieces: [ComposedSource.Piece] = []
    for name in parameter.members.joined() {
      pieces.append(ComposedSource.Piece(try require(name, in: model)))
    }
    guard let first = pieces.first?.source else { return }
    let stacked = try ComposedSource(
      pieces, name: model.names.onDisk(parameter.name), shape: parameter.shape,
      what: "stacking the experts")
    for piece in pieces { consumed.insert(piece.source.spec.name) }
    add(
      stacked, at: first,
      .computed(stacked.references, how: "stacked \(parameter.shape[0]) experts"))
  }

  private mutating func slice(
    _ parameter: ExpertParameter, in model: ModelDirectory
  ) throws(GraftError) {
    let source = try require(parameter.name, in: model)
    guard source.spec.shape == parameter.shape else {
      throw .shapeMismatch(
        source.spec.name, found: source.spec.shape, expected: parameter.shape,
        because: "config.json", file: source.file)
    }
    for (expert, names) in parameter.members.enumerated() {
      let height = parameter.shape[1] / names.count
      for (part, name) in names.enumerated() {
        let start = expert * parameter.shape[1] + part * height
        let sliced = try ComposedSource(
          [ComposedSource.Piece(source, rows: start..<start + height)],
          name: model.names.onDisk(name), shape: [height, parameter.shape[2]],
          what: "taking out expert \(expert)")
        add(
          sliced, at: source,
          .tensor(Ledger.Reference(source), how: "rows \(start)..<\(start + height)"))
      }
    }
  }

  private mutating func add(
    _ source: any TensorSource, at place: any TensorSource, _ origin: Ledger.Origin
  ) {
    consumed.insert(place.spec.name)
    entries[place.spec.name, default: []].append(Entry(source: source, origin: origin))
  }

  private func require(
    _ name: String, in model: ModelDirectory
  ) throws(GraftError) -> any TensorSource {
    guard let source = model.stored(name) else { throw .missing([name], from: model.path) }
    return source
  }
}
