/// Keys of LLaMA-Factory's YAML that Graft knows but does not act on.
///
/// Source: LLaMA-Factory 0.9's argument classes and transformers' `TrainingArguments`.
enum ConfigKeys {
  /// Keys that change nothing about the result; accepted, and listed at the start of a run with
  /// the reason.
  static let ignored: [String: String] = [
    "trust_remote_code": "no code of a model is ever run",
    "use_fast_tokenizer": "tokenizer.json is read directly",
    "cache_dir": "nothing is downloaded",
    "low_cpu_mem_usage": "weights are memory-mapped",
    "hf_hub_token": "nothing is downloaded",
    "preprocessing_num_workers": "rows are prepared on all cores",
    "preprocessing_batch_size": "rows are prepared one by one",
    "dataloader_num_workers": "tokens are read from a mapped file",
    "dataloader_pin_memory": "tokens are read from a mapped file",
    "streaming": "rows are always streamed, and tokens read from the disk",
    "buffer_size": "all rows are shuffled, not a buffer of them",
    "remove_unused_columns": "columns are chosen by dataset_info.json",
    "plot_loss": "trainer_log.jsonl holds the numbers",
    "logging_dir": "the log is trainer_log.jsonl",
    "logging_first_step": "the first step is always logged",
    "logging_strategy": "logging_steps decides",
    "run_name": "output_dir names the run",
    "disable_tqdm": "the bar is shown on terminals only",
    "log_level": "there is one level",
    "print_param_status": "the ledger lists every tensor",
    "include_num_input_tokens_seen": "tokens are always counted",
    "flash_attn": "attention is chosen by Graft",
    "attn_implementation": "attention is chosen by Graft",
    "enable_liger_kernel": "kernels are chosen by Graft",
    "gradient_checkpointing": "activations are kept",
    "disable_gradient_checkpointing": "activations are kept",
    "use_reentrant_gc": "activations are kept",
    "ddp_timeout": "one process trains",
    "use_cpu": "the processor is used",
    "save_safetensors": "safetensors is the only format written",
    "do_eval": "an evaluation set is used where there is one",
    "batch_eval_metrics": "metrics are summed as they come",
    "compute_accuracy": "accuracy is always computed",
  ]

  /// Keys that ask for something that this version lacks; an error unless they are switched off.
  static let unsupported: Set<String> = [
    // Model
    "add_tokens", "add_special_tokens", "new_special_tokens_config", "resize_vocab",
    "init_special_tokens", "split_special_tokens", "model_revision", "rope_scaling", "use_unsloth",
    "use_unsloth_gc", "shift_attn", "mixture_of_depths", "moe_aux_loss_coef", "upcast_layernorm",
    "upcast_lmhead_output", "quantization_bit", "quantization_method", "quantization_type",
    "double_quantization", "quantization_device_map", "train_from_scratch", "use_kt",
    "use_v1_kernels",
    "use_kv_cache", "adapter_folder", "offload_folder", "infer_dtype", "infer_backend",
    // Data
    "packing", "neat_packing", "mask_history",
    "train_on_prompt", "tool_format",
    "media_dir", "image_max_pixels",
    "image_min_pixels", "video_max_pixels", "video_fps", "eval_on_each_dataset",
    "ignore_pad_token_for_loss", "data_shared_file_system", "eval_num_beams", "group_by_length",
    // Method
    "additional_target", "use_dora", "pissa_init", "pissa_iter", "pissa_convert",
    "create_new_adapter",
    "loraplus_lr_ratio", "loraplus_lr_embedding", "freeze_trainable_layers",
    "freeze_trainable_modules", "freeze_extra_modules", "oft_rank", "oft_block_size", "oft_target",
    "module_dropout", "use_llama_pro", "use_galore", "galore_target", "galore_rank",
    "galore_update_interval", "galore_scale", "galore_proj_type", "galore_layerwise", "use_apollo",
    "use_badam", "use_adam_mini", "use_muon", "use_mca", "use_dft_loss", "use_asft_loss",
    "use_eaft_loss", "use_swanlab", "neftune_noise_alpha", "pref_beta", "pref_ftx", "pref_loss",
    "dpo_label_smoothing", "simpo_gamma", "ld_alpha", "kto_chosen_weight", "kto_rejected_weight",
    "ref_model", "ref_model_adapters", "ref_model_quantization_bit", "reward_model",
    "reward_model_adapters", "reward_model_type", "ppo_buffer_size", "ppo_epochs", "ppo_target",
    "freeze_vision_tower", "freeze_multi_modal_projector", "freeze_language_model",
    "early_stopping_steps", "pure_bf16", "profiler",
    // TrainingArguments
    "fp16", "tf32", "fp16_full_eval", "bf16_full_eval", "deepspeed", "fsdp", "fsdp_config",
    "lr_scheduler_kwargs", "optim_args", "torch_compile", "load_best_model_at_end",
    "metric_for_best_model", "greater_is_better", "push_to_hub", "hub_model_id",
    "hub_strategy", "label_smoothing_factor", "predict_with_generate", "do_predict",
    "auto_find_batch_size", "ignore_data_skip", "eval_accumulation_steps",
    "eval_delay", "torch_empty_cache_steps", "label_names", "length_column_name",
    "dataloader_drop_last", "average_tokens_across_devices", "ray_run_name", "ray_num_workers",
    // Export and generation, in files that serve several commands
    "export_dir", "export_size", "export_device", "export_quantization_bit", "export_legacy_format",
    "export_hub_model_id", "temperature", "top_p", "top_k", "max_new_tokens", "do_sample",
  ]
}
