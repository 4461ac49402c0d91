//! `email-queue-wasm-bindgen MODULE.wasm OUT_DIR NAME`: writes `NAME.js` and `NAME_bg.wasm`.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, out_dir, name] = arguments.as_slice() else {
        eprintln!("usage: email-queue-wasm-bindgen MODULE.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    let generated = Bindgen::new()
        .input_path(module)
        .out_name(name)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                // The bytes come from a base64 module; a URL here would make bundlers look for a .wasm file.
                .omit_default_module_path(true)
                // After a panic the caller takes a fresh instance with `__wbg_reset_state`.
                .reset_state_function(true)
                .typescript(false)
                .generate(out_dir)
        });
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
