public import Checkpoint

/// IA3: every row or every column of a weight times its own factor.
///
/// Source: PEFT 0.21 `tuners/ia3/layer.py`.
public struct ElementScale: Sendable {
  /// What has a factor each. A bias is one column of rows.
  public enum Axis: Sendable { case rows, columns }

  /// The factors, in any shape with one extent above 1.
  public var factors: any TensorSource
  /// The axis they run along.
  public var axis: Axis
}
