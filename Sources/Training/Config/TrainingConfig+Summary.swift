import Datasets
import StrictJSON

extension TrainingConfig {
  /// The settings that shape the result, as `graft.json` records them.
  var summary: JSONObject {
    var object = JSONObject()
    object["stage"] = "rm"
    object["dataset"] = .array(datasets.map { .string($0) })
    if let format { object["chat_format"] = format.json }
    object["mix_strategy"] = .string(mixStrategy.rawValue)
    object["cutoff_len"] = JSONValue(cutoffLength)
    object["per_device_train_batch_size"] = JSONValue(batchSize)
    object["gradient_accumulation_steps"] = JSONValue(accumulationSteps)
    object["learning_rate"] = JSONValue(learningRate)
    object["lr_scheduler_type"] = .string(scheduler.rawValue)
    object["warmup_ratio"] = JSONValue(warmupRatio)
    if let warmupSteps { object["warmup_steps"] = JSONValue(warmupSteps) }
    object["num_train_epochs"] = JSONValue(epochs)
    if let maxSteps { object["max_steps"] = JSONValue(maxSteps) }
    object["weight_decay"] = JSONValue(weightDecay)
    object["adam_beta1"] = JSONValue(adamBeta1)
    object["adam_beta2"] = JSONValue(adamBeta2)
    object["adam_epsilon"] = JSONValue(adamEpsilon)
    object["max_grad_norm"] = JSONValue(maxGradientNorm)
    object["seed"] = JSONValue(seed)
    object["data_seed"] = JSONValue(dataSeed)
    object["bf16"] = .bool(usesBFloat16)
    return object
  }

  /// What must not change between a checkpoint and the run that goes on from it, besides data and
  /// model. The length of the run and the learning rate may.
  var fingerprint: JSONObject {
    var object = JSONObject()
    object["per_device_train_batch_size"] = JSONValue(batchSize)
    object["gradient_accumulation_steps"] = JSONValue(accumulationSteps)
    object["seed"] = JSONValue(seed)
    object["data_seed"] = JSONValue(dataSeed)
    object["disable_shuffling"] = .bool(keepsOrder)
    object["order"] = 2
    object["lora_dropout"] = JSONValue(loraDropout)
    object["bf16"] = .bool(usesBFloat16)
    if adapter == nil {
      object["lora_rank"] = JSONValue(loraRank)
      object["lora_alpha"] = JSONValue(loraAlpha)
      object["use_rslora"] = .bool(usesRSLoRA)
    }
    return object
  }
}
