/// Spells every byte in the byte alphabet.
struct ByteLevelNormalizer: Normalizer {
  var growth: Int { 2 }

  func apply(to text: inout AlignedText) {
    text.rewrite { rewriter, characters in
      var position = 0
      while position < characters.count {
        let end = position + characterLength(characters[position])
        for i in position..<end {
          rewriter.put(ByteAlphabet.scalars[Int(characters[i])], change: i > position ? 1 : 0)
        }
        position = end
      }
    }
  }
}
