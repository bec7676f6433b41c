// SafetensorsTests
