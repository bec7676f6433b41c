import Checkpoint
import Diagnostics
import TensorCore

/// The weight or bias of the one layer that several layers with nothing between them make.
struct FoldedTensor: SynthesizedSource {
  /// Name, type and shape.
  var spec: TensorSpec { values.spec }
  /// The file of the last layer.
  var file: String { values.file }
  /// The tensors that it comes from.
  let originals: [any TensorSource]
  private let values: MemorySource

  init(_ name: String, shape: [Int], _ sums: [Double], from originals: [any TensorSource]) {
    self.originals = originals
    values = MemorySource(
      name: name, shape: shape, floats: sums.map { Float($0) }, origin: originals.last?.file ?? name
    )
  }

  /// Copies rows out of memory.
  func read(
    rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(GraftError) {
    try values.read(rows: rows, into: buffer)
  }
}

extension Head {
  /// All layers taken into one: Wₙ · … · W₁, and the biases taken through the layers after them.
  ///
  /// Summed in float64, rounded once to float32.
  ///
  /// - Throws: ``GraftError`` if one layer does not take what the one before gives.
  func folded() throws(GraftError) -> (weight: any TensorSource, bias: (any TensorSource)?) {
    let labels = labelCount
    var product = try weight.floats().map(Double.init)
    var shift = try bias?.floats().map(Double.init)
    var width = weight.spec.shape.last ?? 0
    for layer in inner.reversed() {
      guard layer.weight.spec.shape.first == width else {
        throw .headLayersDoNotFit(layer.weight, expected: width)
      }
      if let bias = layer.bias {
        let values = try bias.floats()
        guard values.count == width else { throw .headLayersDoNotFit(bias, expected: width) }
        var sums = shift ?? [Double](repeating: 0, count: labels)
        for label in 0..<labels {
          for k in 0..<width { sums[label] += product[label * width + k] * Double(values[k]) }
        }
        shift = sums
      }
      product = try Self.product(product, layer.weight, rows: labels)
      width = layer.weight.spec.shape.last ?? 0
    }
    let biases = (inner.map(\.bias) + [bias]).compactMap(\.self)
    let weight = FoldedTensor(
      "weight", shape: [labels, width], product, from: inner.map(\.weight) + [weight])
    return (weight, shift.map { FoldedTensor("bias", shape: [labels], $0, from: biases) })
  }

  /// `[rows, n]` times a matrix `[n, m]` that is read in blocks.
  private static func product(
    _ left: [Double], _ right: any TensorSource, rows: Int
  ) throws(GraftError) -> [Double] {
    let (height, width) = (right.spec.rowCount, right.spec.rowElementCount)
    var sums = [Double](repeating: 0, count: rows * width)
    for block in rowBlocks(of: right.spec, byteLimit: 1 << 20) {
      let values = try right.floats(rows: block)
      for (place, k) in block.enumerated() {
        for row in 0..<rows {
          let factor = left[row * height + k]
          for j in 0..<width {
            sums[row * width + j] += factor * Double(values[place * width + j])
          }
        }
      }
    }
    return sums
  }
}
